/**
 * Modern requests repeat parts of their body in headers, for proxies that read headers only. Nobody may be shown two different requests.
 * HM1. The body decides; a header is only ever compared with it, and a missing one is the server's to judge (T38).
 * HM2. Legacy requests have no such headers and are never refused here.
 * HM3. When a verdict changed the body, a header that mirrored the old value mirrors the new one, or the change is refused (T39).
 */
import { protocolVersionKey, type HttpMessage } from './http-body.js';
import { headerValues, mapFields, type RawHeaders } from './http-headers.js';

/** `HeaderMismatch` of the 2026-07-28 revision. */
export const headerMismatchCode = -32020;

export interface HeaderMismatch {
  readonly header: string;
  readonly headerValue: string;
  readonly bodyValue: string;
}

const nameMember: Readonly<Record<string, string>> = {
  'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri', 'tasks/get': 'taskId', 'tasks/update': 'taskId', 'tasks/cancel': 'taskId',
};

/** The first header that disagrees with the body, in the order version, method, name. */
export function findHeaderMismatch(headers: RawHeaders, message: HttpMessage): HeaderMismatch | undefined {
  const version = message.meta[protocolVersionKey];
  const isModern = typeof version === 'string' || headerValues(headers, 'mcp-method').length > 0 || headerValues(headers, 'mcp-name').length > 0;
  if (!isModern || message.method === undefined) return undefined;
  return (
    disagreement(headers, 'MCP-Protocol-Version', version) ??
    disagreement(headers, 'Mcp-Method', message.method) ??
    disagreement(headers, 'Mcp-Name', message.params[nameMember[message.method] ?? ''])
  );
}

/** The text a header stands for: `=?base64?…?=` decoded; `undefined` when such a value is not canonical base64 of UTF-8. */
export function decodeMirrored(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The header value that stands for a text: as it is where that is safe, else base64. */
export function encodeMirrored(value: string): string {
  const isSafe = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?base64?');
  return isSafe ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

/**
 * The headers for a body that a verdict changed. `undefined` when a `Mcp-Param-*` header cannot be told to belong to one argument:
 * then the message must not be sent, since server and proxy would read different calls.
 */
export function mirrorChangedBody(headers: RawHeaders, before: HttpMessage, after: HttpMessage): string[] | undefined {
  let isClear = true;
  const member = nameMember[after.method ?? ''];
  const changed = mapFields(headers, (field, value) => {
    const name = field.toLowerCase();
    if (name === 'mcp-method' && after.method !== undefined) return encodeMirrored(after.method);
    if (name === 'mcp-name') return member === undefined ? undefined : mirrored(after.params[member]);
    if (!name.startsWith('mcp-param-')) return value;
    const now = mirroredArgument(decodeMirrored(value), before.params['arguments'], after.params['arguments']);
    if (now === 'unclear') isClear = false;
    return now === 'same' || now === 'unclear' ? value : mirrored(now.value);
  });
  return isClear ? changed : undefined;
}

function disagreement(headers: RawHeaders, header: string, bodyValue: unknown): HeaderMismatch | undefined {
  if (typeof bodyValue !== 'string') return undefined;
  const differing = headerValues(headers, header.toLowerCase()).find((value) => readHeader(header, value) !== bodyValue);
  return differing === undefined ? undefined : { header, headerValue: differing, bodyValue };
}

function readHeader(header: string, value: string): string | undefined {
  return header === 'Mcp-Name' ? decodeMirrored(value.trim()) : value.trim();
}

function mirrored(value: unknown): string | undefined {
  if (typeof value === 'string') return encodeMirrored(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Which argument a header mirrors is written in the tool's schema; here it is known by its value, and only if all candidates agree. */
function mirroredArgument(text: string | undefined, before: unknown, after: unknown): 'same' | 'unclear' | { readonly value: unknown } {
  const paths = leafPaths(before).filter((leaf) => typeof leaf.value !== 'object' && String(leaf.value) === text);
  if (paths.length === 0) return JSON.stringify(before) === JSON.stringify(after) ? 'same' : 'unclear';
  const [first, ...others] = paths.map(({ path }) => path.reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), after));
  if (others.some((other) => other !== first)) return 'unclear';
  return String(first) === text ? 'same' : { value: first };
}

/** Leaves reachable through objects alone, which is where the specification lets a mirrored argument stand. */
function leafPaths(value: unknown, path: readonly string[] = []): { readonly path: readonly string[]; readonly value: unknown }[] {
  if (!isObject(value)) return [{ path, value }];
  return path.length > 16 ? [] : Object.entries(value).flatMap(([key, child]) => leafPaths(child, [...path, key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
