/**
 * From a broker's message to a record. What cannot be one is set aside here, with its bytes, because a record's value is text and a
 * processor would never see what it was.
 * DC1. Every message becomes a record, a piece of one, or a dead letter: none is passed over, none throws.
 * DC2. A message of another writer without our envelope is handed over under an id of its place, if it is text; whether it is a record
 *      of the topic is for the readers' schemas to say.
 * DC3. A dead letter is a function of the message and its place alone: every group that meets the message makes the same one.
 * DC4. A record whose pieces this reader has not met sends it back for them once; what is incomplete then is set aside.
 */
import { isUtf8 } from 'node:buffer';
import type { Topic } from '@countersign/contracts';
import type { LedgerRecord, StoredRecord } from '@countersign/pipeline';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { nounOf } from './envelope.js';
import { digestOf, pieceBytesMax, pieceType, PieceStore, recordBytesMax } from './pieces.js';

const idBytesMax = 1_024;
const piecesMax = Math.ceil(recordBytesMax / pieceBytesMax);
/** Of messages: between a record's first piece and itself lie at most those of the seconds its pieces took. */
const lookBackMax = 1_000_000;

export interface SetAside {
  readonly kind: 'set-aside';
  readonly letter: LedgerRecord;
  readonly errorClass: string;
  readonly why: string;
}

export type Decoded =
  | { readonly kind: 'record'; readonly record: StoredRecord }
  /** Nothing to hand over: a piece, or what was handed over before this reader went back. */
  | { readonly kind: 'none' }
  | { readonly kind: 'back'; readonly to: number }
  | SetAside;

export interface DecoderPlace {
  readonly topic: Topic;
  readonly partition: number;
  readonly pieces: PieceStore;
}

/** On the way to a record once more, for the pieces of one group, which cannot be let go meanwhile. */
interface WayBack {
  readonly until: number;
  readonly group: string;
  readonly pieces: PieceStore;
}

/** One partition of one topic, as one reader meets it: messages in the order of their offsets, and again after `back`. */
export class Decoder {
  readonly #place: DecoderPlace;
  #back: WayBack | undefined;

  constructor(place: DecoderPlace) {
    this.#place = place;
  }

  decode(message: KafkaMessage): Decoded {
    const { topic, partition } = this.#place;
    try {
      return this.#decoded(message);
    } catch (error) {
      if (!(error instanceof Poison)) throw error;
      return topic === 'dead-letters' ? { kind: 'record', record: unreadable(message, { topic, partition }) } : setAside(message, { topic, partition, error });
    }
  }

  #decoded(message: KafkaMessage): Decoded {
    const { topic } = this.#place;
    const offset = Number(message.offset);
    const type = header(message.headers, 'ce_type');
    if (type === pieceType) return this.#piece(message, offset);
    if (offset < (this.#back?.until ?? 0)) return { kind: 'none' };
    if (type !== undefined) checkEnvelope(message.headers, { type, topic });
    const group = header(message.headers, 'ce_piecegroup');
    if (group !== undefined) return this.#whole(message, group);
    return this.#record(message, message.value ?? Buffer.alloc(0));
  }

  #piece({ headers, value }: KafkaMessage, offset: number): Decoded {
    const isAgain = offset < (this.#back?.until ?? 0);
    if (isAgain && header(headers, 'ce_piecegroup') !== this.#back?.group) return { kind: 'none' };
    const group = required(headers, 'ce_piecegroup');
    const index = count(headers, 'ce_pieceindex', piecesMax - 1);
    if (value === null || value.length > pieceBytesMax) throw new Poison('piece', `it is a piece of ${value?.length ?? 0} bytes where 1 to ${pieceBytesMax} are allowed`);
    (isAgain ? this.#back?.pieces : this.#place.pieces)?.keep(this.#nameOf(group), index, value);
    return { kind: 'none' };
  }

  #whole(message: KafkaMessage, group: string): Decoded {
    const { headers } = message;
    const offset = Number(message.offset);
    const [length, of, first] = [count(headers, 'ce_datalength', recordBytesMax), count(headers, 'ce_piececount', piecesMax), count(headers, 'ce_piecefirst', offset)];
    const wasBack = this.#back?.until === offset;
    const bytes = (wasBack ? this.#back?.pieces : this.#place.pieces)?.take(this.#nameOf(group), of);
    if (bytes === undefined) {
      if (wasBack) throw new Poison('piece-missing', `not all of its ${of} pieces lie between offset ${first} and itself`);
      if (offset - first > lookBackMax) throw new Poison('piece-missing', `its first piece is said to lie ${offset - first} messages back`);
      this.#back = { until: offset, group, pieces: new PieceStore(recordBytesMax) };
      return { kind: 'back', to: first };
    }
    if (bytes.length !== length || `sha256:${digestOf(bytes)}` !== header(headers, 'ce_dataref')) throw new Poison('piece-digest', `its ${of} pieces, ${bytes.length} bytes, are not the ${length} bytes of digest ${header(headers, 'ce_dataref') ?? '(none)'}`);
    return this.#record(message, bytes);
  }

  #nameOf(group: string): string {
    return `${this.#place.topic}/${this.#place.partition}/${group}`;
  }

  #record({ key, headers, offset }: KafkaMessage, bytes: Buffer): Decoded {
    const { topic, partition } = this.#place;
    if (!isUtf8(bytes)) throw new Poison('not-text', `its ${bytes.length} bytes are not UTF-8`);
    if (key !== null && !isUtf8(key)) throw new Poison('not-text', 'its key is not UTF-8');
    const id = header(headers, 'ce_id') ?? `${topic}/${partition}/${offset}`;
    if (id === '' || Buffer.byteLength(id) > idBytesMax) throw new Poison('envelope', `its ce_id has ${Buffer.byteLength(id)} bytes where 1 to ${idBytesMax} are allowed`);
    const domain = key?.toString('utf8') ?? header(headers, 'ce_partitionkey') ?? '';
    return { kind: 'record', record: { topic, partition, offset: Number(offset), id, key: domain, value: bytes.toString('utf8') } };
  }
}

class Poison extends Error {
  override readonly name = 'Poison';
  constructor(
    readonly errorClass: string,
    why: string,
  ) {
    super(why);
  }
}

/** The one value of a header. @throws Poison when it has several or is not text. */
function header(headers: IHeaders | undefined, name: string): string | undefined {
  const held = headers?.[name];
  if (held === undefined) return undefined;
  if (Array.isArray(held)) throw new Poison('envelope', `its header ${name} is there ${held.length} times`);
  if (typeof held === 'string') return held;
  const bytes = held;
  if (!isUtf8(bytes)) throw new Poison('envelope', `its header ${name} is not UTF-8`);
  return bytes.toString('utf8');
}

function required(headers: IHeaders | undefined, name: string): string {
  const held = header(headers, name);
  if (held === undefined || held === '' || held.length > 64) throw new Poison('envelope', `its header ${name} is missing, empty or too long`);
  return held;
}

function count(headers: IHeaders | undefined, name: string, max: number): number {
  const held = required(headers, name);
  const value = Number(held);
  if (!/^\d+$/.test(held) || value > max) throw new Poison('envelope', `its header ${name} says ${JSON.stringify(held)} where a number up to ${max} is expected`);
  return value;
}

const typePatterns = Object.fromEntries(Object.entries(nounOf).map(([topic, noun]) => [topic, new RegExp(`^dev\\.countersign\\.${noun}\\.v\\d+$`)])) as Readonly<Record<Topic, RegExp>>;

/** Which version of a record is readable is for `parseRecord`: its text is not lost by asking there. */
function checkEnvelope(headers: IHeaders | undefined, { type, topic }: { readonly type: string; readonly topic: Topic }): void {
  const spec = header(headers, 'ce_specversion');
  if (spec === undefined || (spec !== '1.0' && !/^1(\.|$)/.test(spec))) throw new Poison('unknown-version', `its envelope is of CloudEvents ${JSON.stringify(spec ?? 'without version').slice(0, 40)}; this component reads 1.x`);
  if (!typePatterns[topic].test(type)) throw new Poison('envelope', `its ce_type is ${JSON.stringify(type.slice(0, 120))}, which does not belong on ${topic}`);
}

interface Place {
  readonly topic: Topic;
  readonly partition: number;
}

function setAside(message: KafkaMessage, { topic, partition, error }: Place & { readonly error: Poison }): SetAside {
  const { key, value, headers, offset, timestamp } = message;
  const place = `${topic}/${partition}/${offset}`;
  const domain = key !== null && key.length > 0 && isUtf8(key) ? key.toString('utf8') : 'unknown';
  const why = `the message at ${place} cannot be read: ${error.message}.`;
  const letter = {
    v: 1, id: `ledger/${place}`, domain, at: timeOf(timestamp), topic, partition, offset: Number(offset), recordId: place, errorClass: error.errorClass, error: why, component: 'ledger',
    raw: rawOf(value), headers: Object.entries(headers ?? {}).flatMap(([name, held]) => [held].flat().map((one) => [name, Buffer.from(one ?? '').toString('base64')])),
  };
  return { kind: 'set-aside', letter: { id: letter.id, key: domain, value: JSON.stringify(letter) }, errorClass: error.errorClass, why };
}

/** Beyond `dead-letters` there is nowhere to set it aside; its reader keeps what cannot be a letter as it is. */
function unreadable({ value, offset }: KafkaMessage, { topic, partition }: Place): StoredRecord {
  return { topic, partition, offset: Number(offset), id: `${topic}/${partition}/${offset}`, key: 'unknown', value: rawOf(value) };
}

/** Bytes as text that says what it is. */
function rawOf(value: Buffer | null): string {
  return `data:application/octet-stream;base64,${(value ?? Buffer.alloc(0)).toString('base64')}`;
}

function timeOf(timestamp: string): string {
  const time = new Date(Number(timestamp));
  return Number.isNaN(time.getTime()) ? new Date(0).toISOString() : time.toISOString();
}
