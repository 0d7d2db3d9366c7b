/**
 * What becomes of a result: shown, shown with spans replaced, or withheld under an id an operator can release.
 * RR1. Nobody approves a result; what a request would step up, a result has withheld.
 * RR2. Redaction needs every poisoned finding to say where its bytes stand; if one does not, the whole result is withheld.
 * RR3. A released content passes, and its findings are still named.
 */
import type { Finding, Redaction } from '@countersign/contracts';
import type { CompiledPolicy } from './compile.js';
import type { RuledKind, RuleInput } from './rule-input.js';
import { isGate } from './rule-findings.js';
import { plainReason, reasonOf } from './reasons.js';

const reasonsMax = 16;
const redactionsMax = 64;
/** A result is withheld for what it holds. Who asked for it, and with which tool, was settled when the call was judged. */
const contentDetectors = new Set<string>(['injection', 'provenance']);
const aboutTheCall = new Set(['pin-changed', 'tainted-target', 'definition-suspicious']);
const replacement = '[withheld: this text gave instructions or was hidden]';

export function resultActions(compiled: CompiledPolicy, { findings, missing, history }: RuleInput): RuledKind {
  const { poisoned: action, onUnavailable } = compiled.policy.results;
  const poisoned = findings.filter((finding) => isPoison(compiled, finding));
  const poisonReasons = poisoned.map((finding) => reasonOf(finding)).slice(0, reasonsMax - 1);
  if (poisoned.length > 0 && history.released === true) return { kind: 'allow', reasons: [plainReason('released'), ...poisonReasons] };
  if (poisoned.length > 0 && action !== 'show') {
    const redactions = action === 'redact' ? redactionsOf(poisoned) : undefined;
    return redactions === undefined ? { kind: 'deny', reasons: poisonReasons, quarantined: true } : { kind: 'modify', reasons: poisonReasons, redactions };
  }
  const weaker = findings.filter((finding) => finding.kind === 'instruction-in-data' && !poisoned.includes(finding)).map((finding) => reasonOf(finding));
  const late = missing.length === 0 ? [] : [plainReason('no-verdict-in-time', `Missing: ${missing.join(', ')}.`)];
  const reasons = [...late, ...poisonReasons, ...weaker].slice(0, reasonsMax);
  return { kind: late.length > 0 && onUnavailable === 'deny' ? 'deny' : 'allow', reasons };
}

function isPoison(compiled: CompiledPolicy, finding: Finding): boolean {
  if (finding.kind === 'nothing') return false;
  if (finding.kind === 'instruction-in-data') return finding.severity === 'high' || finding.severity === 'critical';
  if (!contentDetectors.has(finding.detector) || aboutTheCall.has(finding.kind)) return false;
  return isGate(compiled, finding) && (compiled.policy.gates[finding.kind] ?? 'deny') !== 'show';
}

/** Spans per path, overlapping ones joined, so that replacing from the back keeps every offset true. */
function redactionsOf(poisoned: readonly Finding[]): readonly Redaction[] | undefined {
  const spans: Redaction[] = [];
  for (const finding of poisoned) {
    const own = finding.evidence.flatMap(({ path, start, end }) => (path === undefined || start === undefined || end === undefined || end <= start ? [] : [{ path, start, end, replacement }]));
    if (own.length === 0) return undefined;
    spans.push(...own);
  }
  spans.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start));
  const joined: Redaction[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && last.path === span.path && span.start <= last.end) joined[joined.length - 1] = { ...last, end: Math.max(last.end, span.end) };
    else joined.push(span);
  }
  return joined.length <= redactionsMax ? joined : undefined;
}
