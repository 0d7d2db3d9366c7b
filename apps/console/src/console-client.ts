/**
 * Signs in by a one-time link and asks the API as that person; for tools that stand in for a browser (the demonstration, tests).
 * It sends what a page of the console would send, so it proves the same doors.
 */
import { keyHeader, requestHeader, type SignedIn } from './shared/api.js';

export interface SignedInPerson {
  readonly person: string;
  /** @param path e.g. `/api/approvals`. @throws Error with the console's sentence when it refuses. */
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

/** @param link as `loginLink()` gave it. @throws Error when the link is used or too old. */
export async function signInByLink(link: string): Promise<SignedInPerson> {
  const { origin, hash } = new URL(link);
  let cookie = '';
  let key = '';
  const ask = async (path: string, init: RequestInit): Promise<unknown> => {
    const headers = { ...(cookie ? { cookie } : {}), ...(key ? { [keyHeader]: key } : {}), ...(init.method === 'POST' ? { origin, [requestHeader]: '1', 'content-type': 'application/json' } : {}) };
    const response = await fetch(new URL(path, origin), { ...init, headers });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(sentenceIn(body) ?? `The console answered ${response.status}.`);
    return body;
  };
  const post = (path: string, body: unknown) => ask(path, { method: 'POST', body: JSON.stringify(body) });
  const signedIn = (await post('/api/login', { token: hash.slice(1) })) as SignedIn;
  key = signedIn.key;
  return { person: signedIn.person, get: (path) => ask(path, { method: 'GET' }), post };
}

function sentenceIn(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string' ? body.error : undefined;
}
