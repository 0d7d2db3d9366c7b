/**
 * Which header fields cross the tap.
 * HH1. Fields travel as flat lists of names and values, as they came: order, spelling and repetition are kept.
 * HH2. Only hop-by-hop fields and `Host` are taken out or replaced; what describes a changed body follows that body.
 * HH3. Nothing here logs or keeps a value.
 * Source: RFC 9110 section 7.6.1 (connection-specific fields).
 */

/** Names and values in turn, as `rawHeaders` of Node has them. */
export type RawHeaders = readonly string[];

const hopByHop = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade',
]);

/** Fields that state something of the body's bytes and would be false for other bytes. */
const ofBodyBytes = new Set(['content-md5', 'digest', 'content-digest', 'repr-digest', 'etag', 'accept-ranges']);

const notInTrailers = ['host', 'content-length', 'content-encoding', 'content-type', 'authorization', 'cookie', 'set-cookie', 'mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'x-agent-attestation'];

/** All values of a field, in order; the name is compared without case. */
export function headerValues(headers: RawHeaders, name: string): string[] {
  const values: string[] = [];
  forEachField(headers, (field, value) => {
    if (field.length === name.length && field.toLowerCase() === name) values.push(value);
  });
  return values;
}

/** The first value of a field. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  return headerValues(headers, name)[0];
}

/** The fields without those that belong to this connection alone, and without those `alsoDropped` names (lower case). */
export function endToEndHeaders(headers: RawHeaders, alsoDropped: ReadonlySet<string> = new Set()): string[] {
  const named = new Set(headerValues(headers, 'connection').flatMap((value) => value.split(',').map((token) => token.trim().toLowerCase())));
  // A peer may not use Connection to take out fields that say where a message goes or how long it is.
  for (const kept of ['host', 'content-length', 'content-encoding', 'content-type', 'authorization', 'mcp-session-id']) named.delete(kept);
  const kept: string[] = [];
  forEachField(headers, (name, value) => {
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !named.has(lower) && !alsoDropped.has(lower)) kept.push(name, value);
  });
  return kept;
}

/** Fields after a body, with what they may not say there taken out: how the message is framed, where it goes and who sends it. */
export function endToEndTrailers(trailers: RawHeaders, isBodyChanged = false): string[] {
  if (trailers.length === 0) return [];
  return endToEndHeaders(trailers, new Set([...notInTrailers, ...(isBodyChanged ? ofBodyBytes : [])]));
}

/** The client's fields as the upstream gets them: its own host in the place of the tap's. */
export function upstreamRequestHeaders(headers: RawHeaders, upstreamHost: string): string[] {
  let hasHost = false;
  const sent = mapFields(endToEndHeaders(headers), (name, value) => {
    if (name.toLowerCase() !== 'host') return value;
    if (hasHost) return undefined;
    hasHost = true;
    return upstreamHost;
  });
  return hasHost ? sent : ['Host', upstreamHost, ...sent];
}

/** The fields of a message whose body now has `bodyBytes` other bytes. A body without a length before has none after. */
export function headersForChangedBody(headers: RawHeaders, bodyBytes: number): string[] {
  return mapFields(headers, (name, value) => {
    const lower = name.toLowerCase();
    if (ofBodyBytes.has(lower)) return undefined;
    return lower === 'content-length' ? String(bodyBytes) : value;
  });
}

/** The same fields with one of them given new values by `change`; `undefined` takes that occurrence out. */
export function mapFields(headers: RawHeaders, change: (name: string, value: string) => string | undefined): string[] {
  const changed: string[] = [];
  forEachField(headers, (name, value) => {
    const now = change(name, value);
    if (now !== undefined) changed.push(name, now);
  });
  return changed;
}

/** The media type without parameters, lower case; '' when none is stated. */
export function mediaTypeOf(headers: RawHeaders): string {
  return (headerValue(headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Would this client read a `text/event-stream` answer? Only a client that says so is given one it did not get from its server. */
export function acceptsEventStream(headers: RawHeaders): boolean {
  return headerValues(headers, 'accept').some((value) => value.split(',').some(namesEventStream));
}

function namesEventStream(range: string): boolean {
  const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  return type === 'text/event-stream' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
}

function forEachField(headers: RawHeaders, visit: (name: string, value: string) => void): void {
  for (let at = 0; at + 1 < headers.length; at += 2) visit(headers[at] ?? '', headers[at + 1] ?? '');
}
