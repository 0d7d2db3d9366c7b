/** Evidence that points at a span of a string, and text made fit to be shown. */
import type { Evidence } from '@countersign/contracts';
import type { Leaf } from './leaves.js';

export const evidenceMax = 6;

export function spanEvidence({ observationId, leaf, start, end, text }: { observationId: string; leaf: Leaf; start: number; end: number; text: string }): Evidence {
  const shown = printable(text).slice(0, 240);
  return leaf.isValue ? { observationId, path: leaf.path, start, end, text: shown } : { observationId, path: leaf.path, text: shown, note: 'It stands in a member\'s name, or below one too long to be given.' };
}

/** Control characters would garble a console; people see a space instead. */
export function printable(text: string): string {
  return text.slice(0, 400).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, ' '); // eslint-disable-line no-control-regex
}
