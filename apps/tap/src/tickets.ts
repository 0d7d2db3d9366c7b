/**
 * Calls whose client was told to come back: people still decide, or have decided and the call has not been repeated yet.
 * TK1. A ticket is for one action digest; another call never finds it.
 * TK2. It lives as long as people may decide, at most 15 minutes, and dies with the process.
 * TK3. At most `ticketsMax` are kept; the oldest goes first, and a call that lost its ticket simply asks again.
 */
import type { ServerRound } from '@countersign/wire';
import type { GoodGrant } from './grant-check.js';

const lifeMsMax = 15 * 60_000;
const ticketsMax = 256;

export interface Ticket {
  readonly callId: string;
  readonly actionDigest: string;
  /** The observation people were asked about. */
  readonly observationId: string;
  /** The session the call was made in: its digest is of that session, wherever the retry comes from. */
  readonly session: string;
  /** What the call brought of a round of the server's, to be put back; undefined when that is too large to be kept. */
  readonly round: ServerRound | undefined;
  /** Times the client was made to come back by itself. */
  rounds: number;
  /** Monotonic. */
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
  answer: { readonly outcome: 'asking' | 'denied' | 'expired' } | { readonly outcome: 'approved'; readonly grant: GoodGrant };
}

export class Tickets {
  readonly #byDigest = new Map<string, Ticket>();

  /** @returns the ticket (of a call that left before: the first one), and those that had to go. */
  open(ticket: Omit<Ticket, 'expiresAtMs' | 'answer' | 'rounds'>, lifeMs: number): { readonly ticket: Ticket; readonly gone: readonly Ticket[] } {
    const gone = this.sweep(ticket.openedAtMs);
    const known = this.#byDigest.get(ticket.actionDigest);
    // A resumed hold that ends again keeps the first one's ticket and its end.
    if (known !== undefined) return { ticket: known, gone };
    const opened: Ticket = { ...ticket, rounds: 0, expiresAtMs: ticket.openedAtMs + Math.min(lifeMs, lifeMsMax), answer: { outcome: 'asking' } };
    this.#byDigest.set(ticket.actionDigest, opened);
    const oldest = this.#byDigest.size > ticketsMax ? [...this.#byDigest.values()][0] : undefined;
    if (oldest === undefined) return { ticket: opened, gone };
    this.remove(oldest);
    return { ticket: opened, gone: [...gone, oldest] };
  }

  find(actionDigest: string, nowMs: number): Ticket | undefined {
    const ticket = this.#byDigest.get(actionDigest);
    return ticket !== undefined && nowMs < ticket.expiresAtMs ? ticket : undefined;
  }

  /** Of any call, over or not: `isLive` tells. */
  ofCall(callId: string): Ticket | undefined {
    return [...this.#byDigest.values()].find((ticket) => ticket.callId === callId);
  }

  isLive({ expiresAtMs }: Ticket, nowMs: number): boolean {
    return nowMs < expiresAtMs;
  }

  remove(ticket: Ticket): void {
    this.#byDigest.delete(ticket.actionDigest);
  }

  /** Takes out what is over. */
  sweep(nowMs: number): readonly Ticket[] {
    const over = [...this.#byDigest.values()].filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    for (const ticket of over) this.remove(ticket);
    return over;
  }

  takeAll(): readonly Ticket[] {
    const all = [...this.#byDigest.values()];
    this.#byDigest.clear();
    return all;
  }
}
