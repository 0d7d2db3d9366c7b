/**
 * One-time tokens with which a person lets a tap in.
 * ET1. A token is 128 random bits, lives at most ten minutes and enrols one tap.
 * ET2. Only its SHA-256 is kept, in memory: neither a copy of the data folder nor a restart yields a token that works.
 */
import { createHash, randomBytes } from 'node:crypto';

export const enrolTokenMsMax = 10 * 60 * 1_000;
const tokenBytes = 16;
const openMax = 64;

export class EnrolTokens {
  /** Until when, by the token's hash; oldest first. */
  readonly #open = new Map<string, number>();

  /** @returns a new token, base64url; of more than 64 unused ones the oldest is void. */
  issue(nowMs: number): string {
    const token = randomBytes(tokenBytes).toString('base64url');
    this.#forgetOld(nowMs);
    for (const hash of this.#open.keys()) if (this.#open.size >= openMax) this.#open.delete(hash);
    this.#open.set(hashOf(token), nowMs + enrolTokenMsMax);
    return token;
  }

  isOpen(token: string, nowMs: number): boolean {
    this.#forgetOld(nowMs);
    return this.#open.has(hashOf(token));
  }

  spend(token: string): void {
    this.#open.delete(hashOf(token));
  }

  #forgetOld(nowMs: number): void {
    for (const [hash, untilMs] of this.#open) if (untilMs <= nowMs) this.#open.delete(hash);
  }
}

/** Looked up by hash: how long the look-up takes tells nothing of a token. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
