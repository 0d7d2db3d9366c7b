/** History's cells as values. A cell that is not what its query promises is a defect of ours and is said as one. */
import type { HistoryRow } from '@countersign/history';

export function textOf(row: HistoryRow, name: string): string {
  const value = row[name];
  if (typeof value !== 'string') throw wrong(name, 'a text', value);
  return value;
}

export function countOf(row: HistoryRow, name: string): number {
  const value = row[name];
  if (typeof value !== 'number') throw wrong(name, 'a number', value);
  return value;
}

/** @returns undefined for an absent number. */
export function maybeCountOf(row: HistoryRow, name: string): number | undefined {
  return row[name] === null ? undefined : countOf(row, name);
}

/** Milliseconds since 1970. */
export function timeOf(row: HistoryRow, name: string): number {
  const atMs = Date.parse(textOf(row, name));
  if (Number.isNaN(atMs)) throw wrong(name, 'a time', row[name]);
  return atMs;
}

/** @returns undefined for an empty text. */
export function maybeTextOf(row: HistoryRow, name: string): string | undefined {
  return textOf(row, name) || undefined;
}

export function textsOf(row: HistoryRow, name: string): readonly string[] {
  const value = row[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw wrong(name, 'a list of texts', value);
  return value;
}

export function rowsOf(row: HistoryRow, name: string): readonly HistoryRow[] {
  const value = row[name];
  if (!Array.isArray(value) || !value.every(isRow)) throw wrong(name, 'a list of rows', value);
  return value;
}

function isRow(value: unknown): value is HistoryRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(name: string, expected: string, value: unknown): Error {
  return new Error(`History's column ${name} should hold ${expected}, and holds ${value === null ? 'null' : typeof value}.`);
}
