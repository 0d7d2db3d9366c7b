/**
 * A record over 256 KiB: its bytes travel first, as pieces on the same partition; then the record itself, without a value, says where they
 * lie, how long they are and what their digest is.
 * PI1. A record is there when its own message is there, and only then: pieces without one were never acknowledged and mean nothing.
 * PI2. The record names the offset of its first piece. So any offset is a place to start from: who comes to a record without having its
 *      pieces goes back for them once.
 * PI3. Pieces are told apart by a name of their own for each attempt: other writers' records, and older attempts, may lie between them.
 * PI4. A reader keeps at most `bytesMax` of pieces; over it the group longest untouched is let go, and read again when its record comes.
 */
import { createHash, randomUUID } from 'node:crypto';
import { payloadBytesMax } from '@countersign/contracts';
import type { LedgerRecord } from '@countersign/pipeline';
import type { Message } from 'kafkajs';
import { headersOf, type Envelope } from './envelope.js';

/** Of one message's value; what is longer travels in pieces. */
export const pieceBytesMax = payloadBytesMax;
/** Of one record, however it travels. */
export const recordBytesMax = 16 * 1024 * 1024;
export const pieceType = 'dev.countersign.piece.v1';

export interface InPieces {
  readonly pieces: readonly Message[];
  /** @param first the offset of the first piece. */
  readonly record: (first: number) => Message;
}

export function inPieces(record: LedgerRecord, envelope: Envelope): InPieces {
  const bytes = Buffer.from(record.value);
  const group = randomUUID();
  const headers = headersOf(record, envelope);
  const count = Math.ceil(bytes.length / pieceBytesMax);
  const pieces = Array.from({ length: count }, (_, index): Message => ({
    key: record.key,
    value: bytes.subarray(index * pieceBytesMax, (index + 1) * pieceBytesMax),
    headers: {
      'content-type': 'application/octet-stream', ce_specversion: '1.0', ce_id: `${group}/${index}`, ce_source: headers['ce_source'], ce_type: pieceType,
      ce_recordedtime: envelope.recordedAt, ce_partitionkey: record.key, ce_piecegroup: group, ce_pieceindex: String(index), ce_piececount: String(count),
    },
  }));
  const of = { ce_dataref: `sha256:${digestOf(bytes)}`, ce_datalength: String(bytes.length), ce_piecegroup: group, ce_piececount: String(count) };
  return { pieces, record: (first) => ({ key: record.key, value: null, headers: { ...headers, ...of, ce_piecefirst: String(first) } }) };
}

export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The pieces a reader has met and not yet used. One for all partitions of a reader. */
export class PieceStore {
  readonly #bytesMax: number;
  /** In the order of last touch. */
  readonly #groups = new Map<string, Map<number, Buffer>>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A piece met twice is kept once. The bytes are copied: what they were cut from is much larger. */
  keep(group: string, index: number, piece: Buffer): void {
    const held = this.#groups.get(group) ?? new Map<number, Buffer>();
    this.#groups.delete(group);
    this.#groups.set(group, held);
    if (held.has(index)) return;
    held.set(index, Buffer.from(piece));
    this.#bytes += piece.length;
    for (const oldest of this.#groups.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === group) return;
      this.drop(oldest);
    }
  }

  /** All of a group's pieces, joined and let go; undefined when one is missing, and then none is let go. */
  take(group: string, count: number): Buffer | undefined {
    const held = this.#groups.get(group);
    if (held === undefined) return undefined;
    const parts = Array.from({ length: count }, (_, index) => held.get(index));
    if (!parts.every((part) => part !== undefined)) return undefined;
    this.drop(group);
    return Buffer.concat(parts);
  }

  drop(group: string): void {
    for (const piece of this.#groups.get(group)?.values() ?? []) this.#bytes -= piece.length;
    this.#groups.delete(group);
  }
}
