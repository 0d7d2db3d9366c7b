/**
 * An observation on its way into the spool, and the text it becomes.
 * SR1. A message waits until its record is stored, so what the stored bytes imply is derived later: the digest, the payload's text.
 *      `recordText` derives it from the record alone.
 * SR2. The payload in the text is the peer's own spelling, and `around` is what stood about it: the message can be rebuilt (T54).
 * SR3. An open record is stored before anybody looked at the message; what was found is added to it afterwards. Where a kill came
 *      between, its text says what the bytes alone say, and `note.unread` that nothing more is known.
 * SR4. Bytes that are not UTF-8 have no exact text, so such a record has no `around`.
 */
import { isUtf8 } from 'node:buffer';
import { lastMember, membersOf, textAt, type Span } from './json-spans.js';
import { observedMessage } from './observed.js';
import { readMessage } from './rpc-message.js';
import { sha256Hex } from './sha256.js';

export interface MessageRecord {
  /** JSON text of the observation with `message` as its last member, cut off behind the members of `message` known so far. */
  readonly head: string;
  /** The message as it came. */
  readonly raw: Uint8Array;
  /** Where in `raw` the JSON text of its payload lies; undefined: it has none, or `head` says it. */
  readonly payload: Span | undefined;
}

/** A message that is stored and not looked at yet. */
export interface OpenRecord {
  /** JSON text of the observation's first members, opening brace included: whatever the message says, these hold. */
  readonly prefix: string;
  readonly raw: Uint8Array;
}

/** What was found in the message of an open record. */
export interface RecordRest {
  /** Follows the prefix; cut off like a `MessageRecord`'s head. */
  readonly rest: string;
  readonly payload: Span | undefined;
}

/** Either the whole JSON text, or what it is made of. */
export type SpoolRecord = string | MessageRecord | OpenRecord;

export function recordText(record: SpoolRecord): string {
  if (typeof record === 'string') return record;
  if ('prefix' in record) return unreadText(record);
  const { head, payload } = record;
  const raw = Buffer.from(record.raw.buffer, record.raw.byteOffset, record.raw.byteLength);
  const digest = `${head},"digest":"${sha256Hex(raw)}"`;
  const parts = payload === undefined ? [raw] : [raw.subarray(0, payload.start), raw.subarray(payload.end)];
  const around = isUtf8(raw) ? `,"around":[${parts.map((part) => JSON.stringify(part.toString('utf8'))).join(',')}]` : '';
  return payload === undefined ? `${digest}${around}}}` : `${digest}${around},"payload":${raw.toString('utf8', payload.start, payload.end)}}}`;
}

function unreadText({ prefix, raw }: OpenRecord): string {
  const { text, raw: kept, payload } = observedMessage(readMessage(raw), { raw, framing: '\n', payload: 'full', flags: [] });
  const head = `${prefix},"era":"legacy","note":{"unread":true},"message":${text}`;
  return kept === undefined ? `${head}}}` : recordText({ head, raw: kept, payload });
}

/** The record's text as a JSON string literal, as a frame to the gate carries it. Equal to `JSON.stringify(recordText(record))`. */
export function recordLiteral(record: SpoolRecord): string {
  const text = recordText(record);
  return text.length < longCharacters ? JSON.stringify(text) : `"${escaped(text)}"`;
}

/** Long texts are mostly long runs that need no escape, which searching finds four times as fast as `JSON.stringify` steps through them. */
const longCharacters = 4_000;

/** The text of a record is JSON decoded from UTF-8: of what a literal must escape it can hold no more than this. */
function escaped(text: string): string {
  let literal = text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
  literal = literal.replaceAll('"', '\\"');
  if (literal.includes('\n')) literal = literal.replaceAll('\n', '\\n');
  if (literal.includes('\r')) literal = literal.replaceAll('\r', '\\r');
  return literal.includes('\t') ? literal.replaceAll('\t', '\\t') : literal;
}

/**
 * The message a record is of, byte for byte, without its line ending or event framing; undefined where the record does not hold it
 * (too long, another payload policy, not UTF-8, our own metadata cut out of it).
 * @param text of the record as the tap wrote it. A record whose payload was parsed and written again gives the same values, not always the same bytes.
 */
export function rebuiltMessage(text: string): Buffer | undefined {
  const bytes = Buffer.from(text);
  const message = lastMember(membersOf(bytes), 'message');
  const members = message === undefined ? [] : membersOf(bytes, message.start);
  const around = lastMember(members, 'around');
  if (around === undefined) return undefined;
  const [before = '', after] = JSON.parse(textAt(bytes, around)) as readonly string[];
  const payload = after === undefined ? undefined : lastMember(members, 'payload');
  return Buffer.from(`${before}${payload === undefined ? '' : textAt(bytes, payload)}${after ?? ''}`);
}
