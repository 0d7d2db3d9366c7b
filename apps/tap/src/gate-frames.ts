/**
 * The gate's frames as this process reads them: hand-written guards instead of the schemas, which would cost every tap their start time.
 * GF1. What is not wholly understood is nothing: a frame that lacks a field it needs is refused whole.
 */
import { isRecord } from '@countersign/wire';

export interface VerdictNews {
  readonly observationId: string;
  readonly callId: string;
  readonly session?: string;
  readonly phase: 'request' | 'result';
  readonly kind: 'allow' | 'deny' | 'modify' | 'step_up' | 'defer';
  readonly mode: 'observe' | 'enforce';
  readonly actionDigest: string;
  readonly policyVersion: string;
  readonly reasons: readonly { readonly code: string; readonly wouldPass?: string }[];
  readonly askDeadlineMs?: number;
  readonly quarantineId?: string;
  readonly redactions: readonly { readonly path: string; readonly start: number; readonly end: number; readonly replacement: string }[];
}

export interface DecisionNews {
  readonly callId: string;
  readonly outcome: 'approved' | 'denied' | 'expired';
  readonly actionDigest?: string;
  readonly displayDigest?: string;
  readonly grant?: string;
  readonly message?: string;
}

export type GateNews =
  | { readonly type: 'challenge'; readonly nonce: string }
  | { readonly type: 'welcome'; readonly domain: string }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'acked'; readonly epoch: number; readonly seq: number }
  | { readonly type: 'verdict'; readonly verdict: VerdictNews }
  | { readonly type: 'decision'; readonly decision: DecisionNews }
  | { readonly type: 'policy'; readonly sealed: string; readonly sealKey: string; readonly grantKey: string }
  /** Well-formed, and not for taps (a vote, a release). */
  | { readonly type: 'other' };

const verdictKinds = ['allow', 'deny', 'modify', 'step_up', 'defer'] as const;
const outcomes = ['approved', 'denied', 'expired'] as const;

/** @returns undefined when the line is no frame this tap understands. */
export function readGateFrame(line: Uint8Array): GateNews | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isRecord(frame)) return undefined;
  const { type } = frame;
  if (type === 'verdict') return wrap(readVerdict(frame['verdict']), (verdict) => ({ type, verdict }));
  if (type === 'decision') return readDecision(frame['decision']);
  return readPlain(frame);
}

function readPlain(frame: Record<string, unknown>): GateNews | undefined {
  const { type, nonce, domain, reason, epoch, seq, sealed, sealKey, grantKey } = frame;
  if (type === 'challenge' && isText(nonce)) return { type, nonce };
  if (type === 'welcome' && isText(domain)) return { type, domain };
  if (type === 'refused') return { type, reason: isText(reason) ? reason.slice(0, 500) : 'no reason given' };
  if (type === 'acked' && isCount(epoch) && isCount(seq)) return { type, epoch, seq };
  if (type === 'policy' && isText(sealed) && isText(sealKey) && isText(grantKey)) return { type, sealed, sealKey, grantKey };
  return undefined;
}

function readVerdict(value: unknown): VerdictNews | undefined {
  if (!isRecord(value)) return undefined;
  const { observationId, callId, session, phase, kind, mode, actionDigest, policyVersion, quarantineId } = value;
  const known = verdictKinds.find((word) => word === kind);
  if (!isText(observationId) || !isText(callId) || !isText(actionDigest) || !isText(policyVersion) || known === undefined) return undefined;
  if ((phase !== 'request' && phase !== 'result') || (mode !== 'observe' && mode !== 'enforce')) return undefined;
  const redactions = readRedactions(value['redactions'] ?? []);
  if (redactions === undefined) return undefined;
  const deadline = isRecord(value['ask']) ? value['ask']['deadlineMs'] : undefined;
  return {
    observationId, callId, phase, kind: known, mode, actionDigest, policyVersion, redactions,
    reasons: readReasons(value['reasons']),
    ...(isText(session) ? { session } : {}),
    ...(isCount(deadline) ? { askDeadlineMs: deadline } : {}),
    ...(isText(quarantineId) ? { quarantineId } : {}),
  };
}

function readReasons(value: unknown): VerdictNews['reasons'] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 16).flatMap((reason: unknown) => {
    if (!isRecord(reason) || !isText(reason['code'])) return [];
    const { code, wouldPass } = reason;
    return [{ code, ...(isText(wouldPass) ? { wouldPass } : {}) }];
  });
}

function readRedactions(value: unknown): VerdictNews['redactions'] | undefined {
  if (!Array.isArray(value)) return undefined;
  const redactions = value.flatMap((entry: unknown) => {
    if (!isRecord(entry)) return [];
    const { path, start, end, replacement } = entry;
    return isText(path) && isCount(start) && isCount(end) && typeof replacement === 'string' ? [{ path, start, end, replacement }] : [];
  });
  return redactions.length === value.length ? redactions : undefined;
}

function readDecision(value: unknown): GateNews | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, callId, outcome, actionDigest, displayDigest, grant, message } = value;
  const known = outcomes.find((word) => word === outcome);
  if (kind !== 'approval' || !isText(callId) || known === undefined) return isText(kind) ? { type: 'other' } : undefined;
  return {
    type: 'decision',
    decision: {
      callId, outcome: known,
      ...(isText(actionDigest) ? { actionDigest } : {}),
      ...(isText(displayDigest) ? { displayDigest } : {}),
      ...(isText(grant) ? { grant } : {}),
      ...(isText(message) ? { message: message.slice(0, 2000) } : {}),
    },
  };
}

function wrap<T>(value: T | undefined, frame: (value: T) => GateNews): GateNews | undefined {
  return value === undefined ? undefined : frame(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
