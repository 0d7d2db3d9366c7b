/**
 * Who is signed in, and the one-time links by which people get there.
 * SI1. A link's token has 256 random bits, is good once and for `linkMsMax`; only its SHA-256 is kept, and it is compared in constant time.
 * SI2. A sign-in always makes a new session: whatever reference the browser brought along ends (no fixation).
 * SI3. A session ends after `idleMsMax` without a request, after `absoluteMsMax` in any case, and at sign-out, at once and here, not in the browser.
 * SI4. A session needs two halves: the cookie's reference, and the page key that only the page's own origin can read.
 *      Cookies ignore ports, so on loopback another local program's page would be sent the cookie; it never sees the key.
 * SI5. After a decision the reference is changed; the old one works for `graceMs` for requests already on their way.
 * SI6. Age is what either clock says, whichever is more: neither a clock set back nor a suspended machine makes a session younger.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@countersign/pipeline';

export interface SignInLimits {
  readonly linkMsMax: number;
  readonly linksMax: number;
  readonly sessionsMax: number;
  readonly idleMsMax: number;
  readonly absoluteMsMax: number;
  readonly graceMs: number;
}

export const defaultSignInLimits: SignInLimits = {
  linkMsMax: 10 * 60_000,
  linksMax: 16,
  sessionsMax: 32,
  idleMsMax: 2 * 3_600_000,
  absoluteMsMax: 12 * 3_600_000,
  graceMs: 10_000,
};

export interface SignInsOptions {
  readonly clock: Clock;
  /** ≥ 128 random bits each time, URL-safe. */
  readonly randomToken: () => string;
  readonly limits?: SignInLimits;
}

export interface Session {
  readonly person: string;
  readonly keyHash: Buffer;
  readonly opened: Instant;
  seen: Instant;
  /** Hashes of the references that open it: the present one, and for a short time the one before. */
  reference: string;
  before?: { readonly reference: string; readonly replaced: Instant };
}

interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface OpenedSession {
  readonly session: Session;
  readonly reference: string;
  readonly key: string;
}

export class SignIns {
  readonly #limits: SignInLimits;
  readonly #links: { readonly person: string; readonly hash: Buffer; readonly made: Instant }[] = [];
  readonly #sessions = new Map<string, Session>();
  readonly #endWatchers = new Map<Session, Set<() => void>>();

  constructor(private readonly options: SignInsOptions) {
    this.#limits = options.limits ?? defaultSignInLimits;
  }

  /** @returns the token of a new link for `person`; beyond `linksMax` open links the oldest ends. */
  makeLink(person: string): string {
    const token = this.options.randomToken();
    this.#links.push({ person, hash: sha256(token), made: this.#now() });
    if (this.#links.length > this.#limits.linksMax) this.#links.shift();
    return token;
  }

  /** @returns undefined when the token is unknown, used or too old: the three are one answer. */
  redeem(token: string, broughtReference?: string): OpenedSession | undefined {
    const hash = sha256(token);
    let found = -1;
    // Every link is compared, so that the time taken does not say which one was close.
    this.#links.forEach((link, index) => {
      if (timingSafeEqual(link.hash, hash)) found = index;
    });
    const [link] = found < 0 ? [] : this.#links.splice(found, 1);
    if (!link || this.#age(link.made) > this.#limits.linkMsMax) return undefined;
    if (broughtReference !== undefined) this.#endByReference(broughtReference);
    return this.#open(link.person);
  }

  /** @returns the session both halves belong to, and counts as a sign of life; undefined when it is not there or over. */
  find(reference: string, key: string): Session | undefined {
    const hashed = hex(reference);
    const session = this.#sessions.get(hashed);
    if (!session) return undefined;
    if (this.#isOver(session)) return void this.end(session);
    const isPast = session.before?.reference === hashed && this.#age(session.before.replaced) > this.#limits.graceMs;
    if (isPast || !timingSafeEqual(session.keyHash, sha256(key))) return undefined;
    session.seen = this.#now();
    return session;
  }

  /** @returns the new reference for the cookie. */
  rotate(session: Session): string {
    const reference = this.options.randomToken();
    if (session.before) this.#sessions.delete(session.before.reference);
    session.before = { reference: session.reference, replaced: this.#now() };
    session.reference = hex(reference);
    this.#sessions.set(session.reference, session);
    return reference;
  }

  end(session: Session): void {
    this.#sessions.delete(session.reference);
    if (session.before) this.#sessions.delete(session.before.reference);
    const watchers = this.#endWatchers.get(session);
    this.#endWatchers.delete(session);
    for (const watcher of watchers ?? []) watcher();
  }

  /** Calls back once when the session has ended here; returns a function that forgets the callback. */
  onEnd(session: Session, callback: () => void): () => void {
    const watchers = this.#endWatchers.get(session) ?? new Set();
    watchers.add(callback);
    this.#endWatchers.set(session, watchers);
    return () => void watchers.delete(callback);
  }

  /** Ends what is over; for long-lived connections that send no requests. */
  sweep(): void {
    for (const session of new Set(this.#sessions.values())) if (this.#isOver(session)) this.end(session);
  }

  #open(person: string): OpenedSession {
    this.sweep();
    const reference = this.options.randomToken();
    const key = this.options.randomToken();
    const session: Session = { person, keyHash: sha256(key), opened: this.#now(), seen: this.#now(), reference: hex(reference) };
    this.#sessions.set(session.reference, session);
    const open = [...new Set(this.#sessions.values())];
    if (open.length > this.#limits.sessionsMax && open[0]) this.end(open[0]);
    return { session, reference, key };
  }

  #endByReference(reference: string): void {
    const session = this.#sessions.get(hex(reference));
    if (session) this.end(session);
  }

  #isOver(session: Session): boolean {
    return this.#age(session.seen) > this.#limits.idleMsMax || this.#age(session.opened) > this.#limits.absoluteMsMax;
  }

  #now(): Instant {
    return { wallMs: this.options.clock.wallMs(), monotonicMs: this.options.clock.monotonicMs() };
  }

  #age(instant: Instant): number {
    const now = this.#now();
    return Math.max(now.wallMs - instant.wallMs, now.monotonicMs - instant.monotonicMs);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hex(text: string): string {
  return sha256(text).toString('hex');
}
