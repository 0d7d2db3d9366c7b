/**
 * A provenance finding → where arguments came from, for the card.
 * OR1. Only what the finding's evidence says: a span in the call itself names the argument, the spans elsewhere name its sources.
 */
import type { Evidence, Finding } from '@countersign/contracts';
import type { ArgumentOrigin } from './approval.js';

const untrustedKinds = new Set(['tainted-target', 'tainted-argument', 'explained-by-source', 'flow-to-sink']);

export function originsOf(finding: Finding): readonly ArgumentOrigin[] {
  if (finding.kind === 'nothing') return [];
  const inCall = finding.evidence.filter((evidence) => evidence.observationId === finding.observationId && evidence.path !== undefined);
  const sources = finding.evidence.filter((evidence) => evidence.observationId !== finding.observationId);
  const origin = sources.length === 0 ? finding.sentence : sources.map(sourceSentence).join('; ');
  if (origin === '') return [];
  const untrusted = untrustedKinds.has(finding.kind);
  const named = inCall.length === 0 ? ['$'] : inCall.map((evidence) => argumentPath(evidence.path ?? '$'));
  return named.map((argument) => ({ argument, origin, untrusted }));
}

/** `$.arguments.to` of the message is `$.to` of the arguments. */
function argumentPath(path: string): string {
  return path.startsWith('$.arguments') ? `$${path.slice('$.arguments'.length)}` : path;
}

function sourceSentence({ observationId, path, text, note }: Evidence): string {
  const place = [observationId === undefined ? undefined : `message ${observationId}`, path].filter((part) => part !== undefined).join(' at ');
  const quoted = text === undefined ? '' : `: "${text}"`;
  return note === undefined ? `${place}${quoted}` : `${note}${place === '' ? '' : ` (${place})`}${quoted}`;
}
