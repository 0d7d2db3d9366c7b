/**
 * Requests the tap itself has open at clients: elicitations that tell a person where a held call is decided.
 * OA1. An answer is taken once, and says no more than "keep waiting" or "give up" (WA1); it is never passed on to the server.
 * OA2. A person is told once of a call, however often its client repeats it. Bounded: what is forgotten may be told again.
 */
import { isOwnRequestId, ownRequestId } from '@countersign/wire';

const openMax = 1_024;
const toldMax = 4_096;

export class OwnAsks {
  readonly #open = new Map<string, () => void>();
  readonly #told = new Set<string>();
  #count = 0;

  /** @returns JSON text of the request's id; undefined when this call was told of already. */
  open(callId: string, giveUp: () => void): string | undefined {
    if (this.#told.has(callId) || this.#open.size >= openMax) return undefined;
    const [oldest] = this.#told;
    if (this.#told.size >= toldMax && oldest !== undefined) this.#told.delete(oldest);
    this.#told.add(callId);
    this.#count += 1;
    const rpcId = ownRequestId(callId, this.#count);
    this.#open.set(rpcId, giveUp);
    return rpcId;
  }

  /** An answer to it comes from a dialog of the tap's, open or not; no server asked for it. */
  isOwn(rpcId: string): boolean {
    return isOwnRequestId(rpcId);
  }

  /** What to do when the person gives up; undefined for an id that is not open here. */
  take(rpcId: string): (() => void) | undefined {
    const giveUp = this.#open.get(rpcId);
    this.#open.delete(rpcId);
    return giveUp;
  }
}
