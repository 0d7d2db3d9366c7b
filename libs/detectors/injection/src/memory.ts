/**
 * What the detector remembers of one domain.
 * IM1. Bounded: sessions, tools, names and pins each have a maximum (constants here and in the parts).
 * IM2. Pins are never evicted. The rest goes oldest first: a session's own words and a tool's calibration, whose loss raises more findings,
 *      and a field's past, whose loss only takes its novelty from the ranking. Sessions that read what was not scanned are kept sixteen times as long.
 */
import { emptyCalibration, type Calibration } from './calibration.js';
import type { Vocabulary } from './vocabulary.js';
import { emptyField, fieldsMax, type FieldPast } from './novelty.js';
import type { Pin } from './pins.js';
import { hashOf, mixed } from './word-hash.js';

export const sessionsMax = 256;
export const calibrationsMax = 1_024;
export const namesMax = 8_192;
export const unscannedMax = 4_096;

export interface InjectionMemory {
  /** `server/tool` → pin. */
  readonly pins: Map<string, Pin>;
  /** agent and session → hashed word triples of the session's own texts. */
  readonly ownWords: Map<string, Set<number>>;
  /** `server/tool` → scores of its clean results. */
  readonly calibrations: Map<string, Calibration>;
  /** tool, path and label → what stood there before. */
  readonly fields: Map<string, FieldPast>;
  /** agent and session → where it read more than is scanned. */
  readonly unscanned: Map<string, string>;
  readonly vocabulary: Vocabulary & { readonly names: Set<number>; readonly pairs: Set<number>; generation: number };
}

export function emptyMemory(): InjectionMemory {
  return { pins: new Map(), ownWords: new Map(), calibrations: new Map(), fields: new Map(), unscanned: new Map(), vocabulary: { names: new Set(), pairs: new Set(), generation: 0 } };
}

const format = 'injection-memory/2';

export function snapshotMemory({ pins, ownWords, calibrations, fields, unscanned, vocabulary }: InjectionMemory): string {
  return JSON.stringify({
    format,
    pins: [...pins],
    ownWords: [...ownWords].map(([key, words]) => [key, Buffer.from(Int32Array.from(words).buffer).toString('base64')]),
    calibrations: [...calibrations].map(([key, { bins, seen }]) => [key, seen, ...bins]),
    fields: [...fields].map(([key, { filter, shapes, seen }]) => [key, Buffer.from(filter).toString('base64'), seen, ...shapes]),
    unscanned: [...unscanned],
    names: [...vocabulary.names],
    pairs: [...vocabulary.pairs],
    generation: vocabulary.generation,
  });
}

interface SnapshotShape {
  readonly format?: unknown;
  readonly pins: [string, Pin][];
  readonly ownWords: [string, string][];
  readonly calibrations: [string, number, ...number[]][];
  readonly fields: [string, string, number, ...number[]][];
  readonly unscanned: [string, string][];
  readonly names: number[];
  readonly pairs: number[];
  readonly generation: number;
}

/** @throws Error when the text is not a snapshot of this format. */
export function restoreMemory(text: string): InjectionMemory {
  const value = JSON.parse(text) as SnapshotShape;
  if (value.format !== format) throw new Error(`The snapshot is not of format ${format}; the detector starts from an empty memory.`);
  return {
    pins: new Map(value.pins),
    ownWords: new Map(value.ownWords.map(([key, words]) => [key, new Set(hashesOf(words))])),
    calibrations: new Map(value.calibrations.map(([key, seen, ...bins]) => [key, { seen, bins: Float64Array.from(bins) }])),
    fields: new Map(value.fields.map(([key, filter, seen, ...shapes]) => [key, { filter: Uint8Array.from(Buffer.from(filter, 'base64')), seen, shapes: new Set(shapes) }])),
    unscanned: new Map(value.unscanned),
    vocabulary: { names: new Set(value.names), pairs: new Set(value.pairs), generation: value.generation },
  };
}

function hashesOf(base64: string): Int32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** From now on the session's calls to sinks are held: nobody knows what it read. */
export function rememberUnscanned({ unscanned }: InjectionMemory, session: string, place: string): void {
  recent(unscanned, session, { make: () => place, countMax: unscannedMax });
}

export function ownWordsOf(memory: InjectionMemory, session: string): Set<number> {
  return recent(memory.ownWords, session, { make: () => new Set<number>(), countMax: sessionsMax });
}

export function calibrationOf(memory: InjectionMemory, key: string): Calibration {
  return recent(memory.calibrations, key, { make: emptyCalibration, countMax: calibrationsMax });
}

export function fieldOf(memory: InjectionMemory, key: string): FieldPast {
  return recent(memory.fields, key, { make: emptyField, countMax: fieldsMax });
}

/** A tool's name and its arguments' names become part of what an instruction may mention. */
export function learnNames({ vocabulary }: InjectionMemory, tool: string, schema: unknown): void {
  const before = vocabulary.names.size + vocabulary.pairs.size;
  if (before >= namesMax) return;
  // A one-word name is an ordinary word; mentioning it means nothing.
  if (/[_\-.]|[a-z][A-Z]/.test(tool)) vocabulary.names.add(hashOf(tool.toLowerCase().slice(0, 128)));
  const words = tool.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/).filter((word) => word.length > 1).slice(0, 8);
  for (let at = 1; at < words.length; at += 1) vocabulary.pairs.add(mixed(hashOf(words[at - 1] ?? ''), hashOf(words[at] ?? '')));
  for (const name of argumentNames(schema)) if (/[_-]|[a-z][A-Z]/.test(name)) vocabulary.names.add(hashOf(name.toLowerCase().slice(0, 128)));
  if (vocabulary.names.size + vocabulary.pairs.size !== before) vocabulary.generation += 1;
}

function argumentNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties } = schema as { properties?: unknown };
  return typeof properties === 'object' && properties !== null ? Object.keys(properties).slice(0, 64) : [];
}

function recent<T>(map: Map<string, T>, key: string, { make, countMax }: { make: () => T; countMax: number }): T {
  const entry = map.get(key) ?? make();
  map.delete(key);
  map.set(key, entry);
  if (map.size > countMax) for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
  return entry;
}
