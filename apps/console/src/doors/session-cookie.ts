/**
 * The cookie half of a session.
 * SC1. HttpOnly, SameSite=Strict, whole site, no Domain: no script reads it and no other site's page sends it along.
 * SC2. Over https it is `__Host-countersign` with Secure. Over http on loopback browsers differ on whether they take Secure at all,
 *      and `__Host-` requires it, so the name is plain there and carries the port, so that two consoles on one machine do not
 *      overwrite each other's. What the prefix would have promised is kept by the second half (see `sign-ins`, SI4).
 */
import type { Door } from './request-checks.js';

export class SessionCookie {
  constructor(private readonly door: Door) {}

  /** @returns the `Set-Cookie` text; an empty reference removes the cookie. */
  write(reference: string): string {
    const { scheme } = this.door;
    const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(scheme === 'https' ? ['Secure'] : []), ...(reference === '' ? ['Max-Age=0'] : [])];
    return [`${this.#name()}=${reference}`, ...attributes].join('; ');
  }

  /** @param header the request's `Cookie`. @returns the first value under our name. */
  read(header: string | undefined): string | undefined {
    for (const pair of (header ?? '').split(';')) {
      const at = pair.indexOf('=');
      if (at > 0 && pair.slice(0, at).trim() === this.#name()) return pair.slice(at + 1).trim();
    }
    return undefined;
  }

  #name(): string {
    return this.door.scheme === 'https' ? '__Host-countersign' : `countersign_${this.door.port()}`;
  }
}
