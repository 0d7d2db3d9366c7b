/**
 * Asks the console's API. The page key lives in this origin's own storage, which (unlike a cookie) no other port can read;
 * both are needed for every request.
 */
import { keyHeader, requestHeader, type SignedIn } from '../src/shared/api.js';

const keyName = 'countersign-key';
const signedOutListeners = new Set<() => void>();

/** A refusal, in the console's own words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function hasKey(): boolean {
  return localStorage.getItem(keyName) !== null;
}

/** @throws Refused, or TypeError when the console is not reachable. */
export async function get<T>(path: string): Promise<T> {
  return answer<T>(await fetch(path, { headers: keyHeaders(), cache: 'no-store' }));
}

/** @throws Refused, or TypeError when the console is not reachable. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { ...keyHeaders(), [requestHeader]: '1', 'content-type': 'application/json' };
  return answer<T>(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

export function openNews(signal: AbortSignal): Promise<Response> {
  return fetch('/api/live', { headers: keyHeaders(), cache: 'no-store', signal });
}

export async function signIn(token: string): Promise<void> {
  const { key } = await post<SignedIn>('/api/login', { token });
  localStorage.setItem(keyName, key);
}

export async function signOut(): Promise<void> {
  await post('/api/logout', {});
  forgetKey();
}

export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => void signedOutListeners.delete(listener);
}

export function forgetKey(): void {
  localStorage.removeItem(keyName);
  for (const listener of signedOutListeners) listener();
}

function keyHeaders(): Record<string, string> {
  const key = localStorage.getItem(keyName);
  return key === null ? {} : { [keyHeader]: key };
}

async function answer<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body as T;
  if (response.status === 401 && hasKey()) forgetKey();
  throw new Refused(response.status, sentenceIn(body) ?? `The console answered ${response.status}.`);
}

function sentenceIn(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string' ? body.error : undefined;
}
