/**
 * Is this grant for the call whose bytes are about to be sent?
 * GK1. Signature, tap, call, action digest, display digest and life are all checked; one miss is a refusal with its reason.
 * GK2. Two clocks bound its life: its own expiry on the wall clock, and its length on the monotonic clock from when it came.
 */
import { openGrant } from '@countersign/policy/runtime';
import type { DecisionNews } from './gate-frames.js';

export interface GoodGrant {
  readonly nonce: string;
  readonly approvers: readonly string[];
  /** On the tap's monotonic clock. */
  readonly usableUntilMs: number;
  /** On the wall clock. */
  readonly expiresAtWallMs: number;
}

export interface GrantContext {
  readonly tapId: string;
  readonly callId: string;
  readonly actionDigest: string;
  readonly grantKey: string | undefined;
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** @returns the grant, or the end of a sentence that starts with "The grant is refused: ". */
export function checkGrant(decision: DecisionNews, context: GrantContext): GoodGrant | string {
  if (decision.grant === undefined) return 'the decision carries none';
  if (context.grantKey === undefined) return 'this tap knows no key to check it with';
  const opened = openGrant(decision.grant, context.grantKey);
  if (!opened.ok) return opened.reason;
  const { aud, callId, actionDigest, displayDigest, exp, iat, nonce, approvers } = opened.body;
  if (aud !== context.tapId) return 'it is for another tap';
  if (callId !== context.callId) return 'it is for another call';
  if (actionDigest !== context.actionDigest) return 'it is for other arguments';
  if (decision.displayDigest !== undefined && decision.displayDigest !== displayDigest) return 'it is for another card than the decision names';
  if (exp <= context.wallMs || exp <= iat) return 'it has expired';
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(nonce)) return 'its nonce is malformed';
  return { nonce, approvers, usableUntilMs: context.monotonicMs + (exp - iat), expiresAtWallMs: exp };
}

/** At the moment of use. */
export function isUsable(grant: GoodGrant, now: { readonly wallMs: number; readonly monotonicMs: number }): boolean {
  return now.wallMs < grant.expiresAtWallMs && now.monotonicMs < grant.usableUntilMs;
}
