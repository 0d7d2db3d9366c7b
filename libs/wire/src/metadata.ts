/**
 * Our own metadata (`dev.countersign/…` in a message's `_meta`). What a client hands over in `params._meta` is read; whoever wrote it,
 * it is cut out before the message goes on.
 * MD1. A cut removes exactly that member's bytes and one adjoining comma; an emptied `_meta` stays `{}`.
 * MD2. A message without such members is returned as the same bytes.
 * MD3. Every occurrence is cut, also behind repeated `params`, `result` or `_meta` keys and escaped spellings of the prefix: activations leak prompts.
 * MD4. What is larger than its limit or of the wrong form is cut and not believed; `refused` names it.
 * MD5. What a server writes under our prefix is believed by nobody: it could pass for a word of this tap's to the agent.
 */
import { membersOf, textAt, type MemberSpan, type Span } from './json-spans.js';
import { isRecord, type RpcMessage } from './rpc-message.js';
import { splice } from './splice.js';

export const metadataPrefix = 'dev.countersign/';
const limits = { task: 4096, attestation: 8192, delegation: 8192, activation: 16384 } as const;
type MetadataName = keyof typeof limits;

/** Shaped like `clientMetadataSchema` in contracts. */
export interface CallerMetadata {
  readonly task?: { readonly text: string; readonly id?: string };
  readonly attestation?: string;
  readonly delegation?: unknown;
  readonly activation?: unknown;
}

export interface StrippedMessage {
  readonly bytes: Uint8Array;
  readonly wasStripped: boolean;
  readonly metadata: CallerMetadata;
  /** Names of members that were cut but not believed. */
  readonly refused: readonly string[];
}

const prefixBytes = Buffer.from('dev.countersign');
const escapedUnit = Buffer.from('\\u');
const escapedSlash = Buffer.from('\\/');
const nothing = new Uint8Array(0);

/** @param bytes one message; a batch is stripped element by element by whoever takes it apart. */
export function stripMetadata(bytes: Uint8Array): StrippedMessage {
  if (!mayHoldOurs(bytes)) return { bytes, wasStripped: false, metadata: {}, refused: [] };
  const cuts: Span[] = [];
  let metadata: CallerMetadata = {};
  const refused: string[] = [];
  for (const { of, members } of metaObjects(bytes)) {
    members.forEach((member, index) => {
      if (!member.key.startsWith(metadataPrefix)) return;
      cuts.push(...cutsOf(bytes, members, index));
      if (of !== 'params') return;
      const read = readMember(member.key.slice(metadataPrefix.length), textAt(bytes, member.value));
      if (read === undefined) refused.push(member.key.slice(0, 64));
      else metadata = { ...metadata, ...read };
    });
  }
  return { bytes: splice(bytes, cuts.map((cut) => ({ ...cut, replacement: nothing }))), wasStripped: cuts.length > 0, metadata, refused };
}

/**
 * What a server wrote under our prefix, cut out. @returns the same bytes when there is none.
 * Costs a look at the parsed copy; only a message that two parsers may read differently is searched byte by byte.
 */
export function stripFromServer({ bytes, value, isAmbiguous, routeIsAmbiguous }: Pick<RpcMessage, 'bytes' | 'value' | 'isAmbiguous' | 'routeIsAmbiguous'>): Uint8Array {
  const isHidden = (isAmbiguous || routeIsAmbiguous) && mayHoldOurs(bytes);
  if (!isHidden && !(isRecord(value) && (holdsOurs(value['params']) || holdsOurs(value['result'])))) return bytes;
  const cuts = metaObjects(bytes).flatMap(({ members }) => members.flatMap(({ key }, index) => (key.startsWith(metadataPrefix) ? cutsOf(bytes, members, index) : [])));
  return splice(bytes, cuts.map((cut) => ({ ...cut, replacement: nothing })));
}

function holdsOurs(outer: unknown): boolean {
  if (!isRecord(outer)) return false;
  const meta = outer['_meta'];
  return isRecord(meta) && Object.keys(meta).some((key) => key.startsWith(metadataPrefix));
}

/** A quick no: an escape could hide the prefix, so it takes its absence together with the absence of such escapes. */
export function mayHoldOurs(bytes: Uint8Array): boolean {
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.includes(prefixBytes) || (view.includes(92) && (view.includes(escapedUnit) || view.includes(escapedSlash)));
}

interface MetaObject {
  readonly of: string;
  readonly members: readonly MemberSpan[];
}

function metaObjects(bytes: Uint8Array): MetaObject[] {
  return membersOf(bytes)
    .filter(({ key }) => key === 'params' || key === 'result')
    .flatMap(({ key, value }) => membersOf(bytes, value.start).flatMap((member) => (member.key === '_meta' ? [{ of: key, members: membersOf(bytes, member.value.start) }] : [])));
}

/** The member and the comma behind it; the last member takes the comma behind the last one that stays. White space stays where it is. */
function cutsOf(bytes: Uint8Array, members: readonly MemberSpan[], index: number): Span[] {
  const { keySpan, value } = members[index] as MemberSpan;
  const member = { start: keySpan.start, end: value.end };
  const before = index < members.length - 1 ? members[index] : members.findLast(({ key }) => !key.startsWith(metadataPrefix));
  if (before === undefined) return [member];
  const comma = bytes.indexOf(44, before.value.end);
  return [member, { start: comma, end: comma + 1 }];
}

function readMember(name: string, text: string): CallerMetadata | undefined {
  if (!Object.hasOwn(limits, name)) return undefined;
  const known = name as MetadataName;
  if (text.length > limits[known]) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (known === 'task') return readTask(value);
  if (known === 'attestation') return { attestation: typeof value === 'string' ? value : JSON.stringify(value) };
  return { [known]: value };
}

function readTask(value: unknown): CallerMetadata | undefined {
  if (typeof value === 'string') return { task: { text: value } };
  if (!isRecord(value) || typeof value['text'] !== 'string') return undefined;
  const id = value['id'];
  return { task: { text: value['text'], ...(typeof id === 'string' ? { id: id.slice(0, 256) } : {}) } };
}
