/**
 * Which message of the server's goes on as soon as it is stored, and is read right after.
 * GF1. Only where reading it could change nothing: no rule speaks of it, no answer that waits can be in it, nothing of ours.
 * GF2. Only where its whole text is the record: the payload policy says so, and it is within the record's bound.
 */
import { mayHoldOurs } from '@countersign/wire';
import type { Arrival } from './passage.js';
import { mayBeFiltered } from './shown-list.js';
import type { StreamState } from './stream-state.js';

/** Above this a message is not in the record (contracts: `payloadBytesMax`). */
const bytesMax = 256 * 1024;

export function mayGoFirst(state: StreamState, { bytes }: Arrival): boolean {
  const { policy, methodRules } = state.house.policy();
  if (methodRules.length > 0 || policy.payload !== 'full' || bytes.length > bytesMax) return false;
  const conversation = state.conversation();
  const isAwaited = state.toServer.some((asked) => asked.call?.resultRule.waits === true || asked.task !== undefined || asked.speaksOf !== undefined || asked.conversation !== conversation || mayBeFiltered(state, asked));
  return !isAwaited && !state.toClient.some(({ holding }) => holding !== undefined) && !mayHoldOurs(bytes);
}
