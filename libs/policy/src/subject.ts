/**
 * What the judge keeps of an observation until its verdict.
 * SU1. Small: the payload is not kept, only the digest of its content.
 * SU2. A content's digest does not depend on the request id around it, so the same poisoned page is the same content every time.
 */
import { createHash } from 'node:crypto';
import type { DetectorName, Observation } from '@countersign/contracts';
import { canonicalJson } from './canonical-json.js';
import type { CompiledPolicy } from './compile.js';

export type Subject = Pick<Observation, 'id' | 'domain' | 'tapId' | 'epoch' | 'agent' | 'session' | 'server' | 'at'> & {
  readonly call: NonNullable<Observation['call']>;
  readonly flags: NonNullable<Observation['message']>['flags'];
  readonly taskGiven: boolean;
  /** SHA-256, hex; only of a result. */
  readonly contentDigest?: string;
};

/** The judge's verdict leaves this long before the tap's deadline, for the way to the tap. */
const marginMsMax = 50;
/** Nobody waits for these verdicts; detectors that are not running must not keep them from the record. */
const unheldWaitMs = 1_000;

/** @returns undefined when there is nothing to judge: no call, or a result that the tap itself wrote. */
export function subjectOf(observation: Observation): Subject | undefined {
  const { id, domain, tapId, epoch, agent, session, server, at, call, message, metadata } = observation;
  if (call === undefined || message === undefined || message.flags.includes('answered-by-tap')) return undefined;
  const base = { id, domain, tapId, epoch, agent, session, server, at, call, flags: message.flags, taskGiven: metadata?.task !== undefined };
  return call.phase === 'result' ? { ...base, contentDigest: contentDigestOf(message) } : base;
}

/** Detectors without which a verdict of this observation is not complete. */
export function requiredOf({ policy }: CompiledPolicy, { call }: Subject): readonly DetectorName[] {
  return call.phase === 'request' ? policy.tiers[call.tier].requires : policy.results.requires;
}

/** Whom the judge waits for: exactly the required ones when someone holds the message, everyone the policy knows when nobody does. */
export function awaitedOf(compiled: CompiledPolicy, subject: Subject): readonly DetectorName[] {
  if (subject.call.waits) return requiredOf(compiled, subject);
  const { tiers, results } = compiled.policy;
  return [...new Set([...results.requires, ...tiers.low.requires, ...tiers.medium.requires, ...tiers.high.requires, ...tiers.critical.requires])];
}

/**
 * When the verdict is due at the latest. A tap that stopped waiting long ago (the judge was away, or reads the ledger again)
 * gets no late denial: the record then takes what the findings say.
 */
export function dueAtMsOf(subject: Subject, nowMs: number): number {
  const { waits, deadlineMs } = subject.call;
  const askedAtMs = Date.parse(subject.at);
  if (!waits || !(nowMs - askedAtMs <= deadlineMs)) return nowMs + unheldWaitMs;
  return Math.min(askedAtMs, nowMs) + deadlineMs - Math.min(marginMsMax, deadlineMs / 4);
}

function contentDigestOf(message: NonNullable<Observation['message']>): string {
  return message.payload === undefined ? message.digest : createHash('sha256').update(canonicalJson(message.payload)).digest('hex');
}
