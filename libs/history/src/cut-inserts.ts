/**
 * Cuts one batch of rows into inserts of bounded size, always at the same places.
 * CI1. A token names topic, each partition with its first and last offset, and a digest of the ids: the same records make the
 *      same token, and a ledger that began anew (offset 0 again) never takes an old one, which would drop its rows.
 * CI2. No insert exceeds the limits, except one row that alone is larger.
 */
import { createHash } from 'node:crypto';
import type { Topic } from '@countersign/contracts';
import type { HistoryRow, InsertBatch } from './history-store.js';
import { tableOf } from './rows.js';

export interface PlacedRow {
  readonly offset: number;
  readonly partition: number;
  /** Of the record's text; stands for the row's size. */
  readonly characters: number;
  readonly row: HistoryRow;
}

export interface PlacedInsert extends InsertBatch {
  readonly placed: readonly PlacedRow[];
}

export const insertRowsMax = 5_000;
export const insertCharactersMax = 8 * 1024 * 1024;

/** @param placed of one topic, in the ledger's order. */
export function cutInserts(topic: Topic, placed: readonly PlacedRow[]): readonly PlacedInsert[] {
  const inserts: PlacedRow[][] = [];
  let characters = 0;
  for (const row of placed) {
    const current = inserts.at(-1);
    const fits = current !== undefined && current.length < insertRowsMax && characters + row.characters <= insertCharactersMax;
    if (fits) current.push(row);
    else inserts.push([row]);
    characters = fits ? characters + row.characters : row.characters;
  }
  return inserts.map((rows) => insertOf(topic, rows));
}

/** @param placed not empty. */
export function insertOf(topic: Topic, placed: readonly PlacedRow[]): PlacedInsert {
  if (placed.length === 0) throw new RangeError('an insert has at least one row');
  return { table: tableOf[topic], rows: placed.map(({ row }) => row), token: `${topic}/${rangesOf(placed)}/${digestOfIds(placed)}`, placed };
}

function rangesOf(placed: readonly PlacedRow[]): string {
  const ranges = new Map<number, { readonly first: number; last: number }>();
  for (const { partition, offset } of placed) {
    const range = ranges.get(partition);
    if (range === undefined) ranges.set(partition, { first: offset, last: offset });
    else range.last = offset;
  }
  return [...ranges].map(([partition, { first, last }]) => `${partition}/${first}-${last}`).join('+');
}

function digestOfIds(placed: readonly PlacedRow[]): string {
  return createHash('sha256').update(JSON.stringify(placed.map(({ row }) => row['id']))).digest('hex').slice(0, 16);
}
