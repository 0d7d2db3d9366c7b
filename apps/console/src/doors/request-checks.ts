/**
 * What every request is asked before anything else looks at it. Pure.
 * RC1. `Host` is one of our own names with our own port: a foreign name that resolves to this machine gets nothing (DNS rebinding).
 * RC2. A request that changes state is a POST of JSON from our own page: same `Origin`, `Sec-Fetch-Site` same-origin where the browser
 *      says it, and a header that a form cannot set.
 * RC3. Every answer carries headers that forbid framing, inline code, foreign code, sniffing and referrers.
 */
import { requestHeader } from '../shared/api.js';

/** Where people come in. The port is known only once the listener is open, hence functions. */
export interface Door {
  readonly scheme: 'http' | 'https';
  readonly port: () => number;
  /** Further `host:port` names, as a browser sends them, for a console behind a name of its own. */
  readonly hosts: readonly string[];
}

export interface RequestFacts {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Refusal {
  readonly status: 403 | 405 | 415 | 421;
  readonly error: string;
}

/** @returns why the request is turned away, or undefined. */
export function refusalOf({ method, headers }: RequestFacts, door: Door): Refusal | undefined {
  const host = one(headers['host'])?.toLowerCase();
  if (host === undefined || !isOwn(host, door)) {
    return { status: 421, error: 'This console answers only under its own address. Open the address that Countersign printed.' };
  }
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (method !== 'POST') return { status: 405, error: 'This console knows GET and POST only.' };
  return foreignReason(headers, `${door.scheme}://${host}`);
}

function isOwn(host: string, { port, hosts }: Door): boolean {
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port()}`);
  return [...loopback, ...hosts.map((name) => name.toLowerCase())].includes(host);
}

function foreignReason(headers: RequestFacts['headers'], ownOrigin: string): Refusal | undefined {
  const site = one(headers['sec-fetch-site']);
  const isForeign = one(headers['origin'])?.toLowerCase() !== ownOrigin || (site !== undefined && site !== 'same-origin') || one(headers[requestHeader]) !== '1';
  if (isForeign) return { status: 403, error: 'This request did not come from the console’s own page; nothing was changed.' };
  if (!/^application\/json\s*(;|$)/i.test(one(headers['content-type']) ?? '')) return { status: 415, error: 'The console reads JSON only; nothing was changed.' };
  return undefined;
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const contentSecurityPolicy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "connect-src 'self'",
  "manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

export function safeHeaders(scheme: Door['scheme']): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentSecurityPolicy,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    ...(scheme === 'https' ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}
