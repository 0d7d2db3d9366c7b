/**
 * Sessions of which a call was already allowed, and none denied since: a session found wanting at a call that nobody held is held from its next one. Bounded: a session that had to go is asked about once more, which is safe.
 */
const sessionsMax = 4_096;

export class AllowedSessions {
  readonly #sessions = new Set<string>();

  has(session: string): boolean {
    return this.#sessions.has(session);
  }

  remove(session: string): void {
    this.#sessions.delete(session);
  }

  add(session: string): void {
    this.#sessions.delete(session);
    this.#sessions.add(session);
    const [oldest] = this.#sessions;
    if (this.#sessions.size > sessionsMax && oldest !== undefined) this.#sessions.delete(oldest);
  }
}
