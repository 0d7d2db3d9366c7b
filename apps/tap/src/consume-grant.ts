/**
 * Uses an approval, once.
 * CN1. The exclusive mark is on disk, synced, and then the record `grant-consumed`, synced, before this returns true.
 * CN2. A kill between mark and forward leaves an approval that was used and a call that was not sent; never two sent.
 */
import type { ObservedCall } from '@countersign/contracts';
import { isUsable, type GoodGrant } from './grant-check.js';
import type { CallContext } from './read-call.js';

/** @returns whether the call may be sent now. */
export function consumeGrant({ house, conversation, era }: CallContext, { callId, actionDigest }: ObservedCall, grant: GoodGrant): boolean {
  const now = { wallMs: house.clock.wallMs(), monotonicMs: house.clock.monotonicMs() };
  if (!isUsable(grant, now) || !isMarked(house, grant)) return false;
  const note = { callId, actionDigest, nonce: grant.nonce, approvers: grant.approvers };
  return house.recorder.record(conversation, { kind: 'grant-consumed', ...era, direction: 'client-to-server', note }, { sync: true }) !== undefined;
}

function isMarked({ spool, log }: CallContext['house'], { nonce }: GoodGrant): boolean {
  try {
    return spool.markOnce(nonce);
  } catch (error) {
    log(`an approved call was not sent, because the use of its approval could not be written down: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}
