/**
 * One text an agent wrote or read, cut into units and indexed by token.
 * DO1. Built once per distinct content; only its origin differs between two readings.
 * DO2. At most `unitsMax` units; text beyond is kept for quoting and searching, and `unread` counts it.
 */
import { rawSpan, type Leaf } from './leaves.js';
import { folded, tokensOf, tokensOfFolded, tokensOfLeaf } from './text.js';
import { unitsOf } from './units.js';
import type { Evidence } from '@countersign/contracts';

export const unitsMax = 1_500;

/** A unit placed in its document. `from`/`to` count characters over all leaves, so that windows can span leaves. */
export interface PlacedUnit {
  readonly leaf: number;
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly structured: boolean;
  readonly imperative: boolean;
  readonly prose: boolean;
}

/** What a text holds, whoever sent it. */
export interface Content {
  readonly leaves: readonly Leaf[];
  readonly units: readonly PlacedUnit[];
  /** Token key → ordinals of the units that hold it, ascending. */
  readonly postings: ReadonlyMap<string, readonly number[]>;
  /** Each leaf's text, folded; for searching. */
  readonly foldedLeaves: readonly string[];
  readonly chars: number;
  /** Characters that no unit covers because there were too many. */
  readonly unread: number;
}

export type DocumentKind = 'result' | 'argument' | 'resource' | 'prompt' | 'task';

export interface Document {
  readonly seq: number;
  readonly kind: DocumentKind;
  readonly observationId: string;
  readonly server: string;
  /** Tool name, resource method, or `task`. */
  readonly tool: string;
  readonly agent: string;
  readonly trusted: boolean;
  /** Names of the restricting labels that some leaf carries; by leaf ordinal. */
  readonly labels: Map<number, readonly string[]>;
  readonly content: Content;
}

export interface Span {
  readonly leaf: number;
  readonly start: number;
  readonly end: number;
}

export function contentOf(leaves: readonly Leaf[]): Content {
  const units: PlacedUnit[] = [];
  const postings = new Map<string, number[]>();
  const foldedLeaves = leaves.map((leaf) => folded(leaf.text));
  let chars = 0;
  let unread = 0;
  leaves.forEach((leaf, ordinal) => {
    const lower = foldedLeaves[ordinal] ?? '';
    if (units.length >= unitsMax) unread += lower.length;
    else for (const unit of unitsOf(leaf, lower)) if (units.length < unitsMax) place(unit, { leaf, lower, ordinal, from: chars }, { units, postings });
    chars += lower.length + 1;
  });
  return { leaves, units, postings, foldedLeaves, chars, unread };
}

function place(
  unit: ReturnType<typeof unitsOf>[number],
  at: { leaf: Leaf; lower: string; ordinal: number; from: number },
  into: { units: PlacedUnit[]; postings: Map<string, number[]> },
): void {
  const ordinal = into.units.length;
  const { start, end, structured, imperative, prose } = unit;
  into.units.push({ leaf: at.ordinal, start, end, from: at.from + start, to: at.from + end, structured, imperative, prose });
  const whole = start === 0 && end === at.lower.length;
  for (const { key } of whole ? tokensOfLeaf(at.leaf) : tokensOfFolded(at.lower.slice(start, end))) {
    const known = into.postings.get(key);
    if (known === undefined) into.postings.set(key, [ordinal]);
    else if (known[known.length - 1] !== ordinal) known.push(ordinal);
  }
}

/** The text of a unit, as it was written. */
export function unitText(content: Content, unit: PlacedUnit): string {
  return content.leaves[unit.leaf]?.text.slice(unit.start, unit.end) ?? '';
}

const evidenceCharsMax = 240;

/** A quotable span: `text` is exactly what stands at `path` between `start` and `end` in the observation's payload. */
export function evidenceOf(document: Document, span: Span, note: string): Evidence {
  const leaf = document.content.leaves[span.leaf];
  if (leaf === undefined) return { observationId: document.observationId, note };
  const raw = rawSpan(leaf, span.start, span.end);
  const end = Math.min(raw.end, raw.start + evidenceCharsMax);
  return { observationId: document.observationId, path: leaf.path, start: raw.start, end, text: leaf.raw.slice(raw.start, end), note: note.slice(0, 400) };
}

/** First place of a folded needle in a document, whole words only, or undefined. */
export function placeOf(content: Content, needle: string): Span | undefined {
  for (let leaf = 0; leaf < content.foldedLeaves.length; leaf++) {
    const text = content.foldedLeaves[leaf] ?? '';
    let at = text.indexOf(needle);
    while (at >= 0) {
      if (isWhole(text, at, at + needle.length)) return { leaf, start: at, end: at + needle.length };
      at = text.indexOf(needle, at + 1);
    }
  }
  return undefined;
}

/** First place of a token key, or undefined. */
export function placeOfKey(content: Content, key: string): Span | undefined {
  const unit = content.units[content.postings.get(key)?.[0] ?? -1];
  if (unit === undefined) return undefined;
  const token = tokensOf(unitText(content, unit)).find((candidate) => candidate.key === key);
  return token === undefined ? undefined : { leaf: unit.leaf, start: unit.start + token.start, end: unit.start + token.end };
}

export function isWhole(text: string, start: number, end: number): boolean {
  return !isWordAt(text, start - 1, text[start]) && !isWordAt(text, end, text[end - 1]);
}

function isWordAt(text: string, at: number, inside: string | undefined): boolean {
  const outside = text[at];
  return outside !== undefined && inside !== undefined && /[\p{L}\p{N}]/u.test(outside) && /[\p{L}\p{N}]/u.test(inside);
}
