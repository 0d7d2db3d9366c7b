/**
 * Calls whose client was told to come back: people still decide, or have decided and the call has not been repeated yet.
 * TK1. A ticket is for one action digest; another call never finds it.
 * TK2. It lives as long as people may decide, at most 15 minutes, and dies with the process.
 * TK3. At most `ticketsMax` are kept; the oldest goes first, and a call that lost its ticket simply asks again.
 */
import type { GoodGrant } from './grant-check.js';

const lifeMsMax = 15 * 60_000;
const ticketsMax = 256;

export interface Ticket {
  readonly callId: string;
  readonly actionDigest: string;
  /** The observation people were asked about. */
  readonly observationId: string;
  /** Monotonic. */
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
  answer: { readonly outcome: 'asking' | 'denied' | 'expired' } | { readonly outcome: 'approved'; readonly grant: GoodGrant };
}

export class Tickets {
  readonly #byDigest = new Map<string, Ticket>();

  /** @returns the ticket, and those that had to go. */
  open(ticket: Omit<Ticket, 'expiresAtMs' | 'answer'>, lifeMs: number): readonly Ticket[] {
    const gone = this.sweep(ticket.openedAtMs);
    const known = this.#byDigest.get(ticket.actionDigest);
    // A resumed hold that ends again keeps the first one's ticket and its end.
    if (known !== undefined) return gone;
    this.#byDigest.set(ticket.actionDigest, { ...ticket, expiresAtMs: ticket.openedAtMs + Math.min(lifeMs, lifeMsMax), answer: { outcome: 'asking' } });
    const oldest = this.#byDigest.size > ticketsMax ? [...this.#byDigest.values()][0] : undefined;
    if (oldest === undefined) return gone;
    this.remove(oldest);
    return [...gone, oldest];
  }

  find(actionDigest: string, nowMs: number): Ticket | undefined {
    const ticket = this.#byDigest.get(actionDigest);
    return ticket !== undefined && nowMs < ticket.expiresAtMs ? ticket : undefined;
  }

  ofCall(callId: string): Ticket | undefined {
    return [...this.#byDigest.values()].find((ticket) => ticket.callId === callId);
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
