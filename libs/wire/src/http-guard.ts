/**
 * Whether a request may use the tap's listener at all (T41): keeps web pages and rebound names off a loopback port.
 * HG1. A name that is not ours is refused whatever it resolves to; that is what DNS rebinding needs.
 * HG2. A request without `Origin` did not come from a page and passes; one with a foreign origin does not, `null` included.
 */
import { headerValues, type RawHeaders } from './http-headers.js';

export type GuardOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const anyAddress = new Set(['0.0.0.0', '::', '[::]', '']);
const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * @param target      the request target as it stands in the request line; an absolute one names its own host.
 * @param listenHost  what the listener was told to bind: that name is ours too, and with an unspecified address every IP literal is.
 */
export function guardRequest(headers: RawHeaders, target: string, listenHost: string): GuardOutcome {
  const hosts = headerValues(headers, 'host');
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
  if (absolute !== undefined) hosts.push(absolute);
  if (hosts.length === 0) return { ok: false, reason: 'The request names no host.' };
  if (!hosts.every((host) => isOurs(hostnameOf(host), listenHost))) return { ok: false, reason: 'The Host of the request is not an address of this tap.' };
  const origins = headerValues(headers, 'origin');
  if (!origins.every((origin) => isOurs(originHostname(origin), listenHost))) return { ok: false, reason: 'The Origin of the request is not allowed here.' };
  return { ok: true };
}

/** True for `localhost`, 127.0.0.0/8 and `[::1]`. */
export function isLoopbackName(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]' || hostname === '::1') return true;
  return ipv4.test(hostname) && hostname.startsWith('127.') && hostname.split('.').every((part) => Number(part) <= 255);
}

function isOurs(hostname: string | undefined, listenHost: string): boolean {
  if (hostname === undefined) return false;
  if (isLoopbackName(hostname)) return true;
  if (anyAddress.has(listenHost)) return ipv4.test(hostname) || /^\[[0-9a-f:.]+\]$/.test(hostname);
  return hostname === listenHost.toLowerCase() || hostname === `[${listenHost.toLowerCase()}]`;
}

function hostnameOf(host: string): string | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:@/\\\s]+)(?::\d{1,5})?$/.exec(host.trim());
  return match?.[1]?.toLowerCase();
}

function originHostname(origin: string): string | undefined {
  const match = /^https?:\/\/(.+)$/i.exec(origin.trim());
  return match?.[1] === undefined ? undefined : hostnameOf(match[1]);
}
