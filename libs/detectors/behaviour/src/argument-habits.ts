/**
 * How an agent fills a tool's arguments: kind and length of text, size of numbers, new values or the usual ones.
 * AH1. Values themselves are not kept: only counts, and a 512-bit filter of which were seen.
 * AH2. Bounded: `placesMax` places (tool and path) an agent; a place that does not fit is never surprising.
 */
import { hashOf } from './count-table.js';

export const placesMax = 256;
const cellsCount = 24;
const binsCount = 16;
const filterBytes = 64;
const smoothing = 2;
const leavesMax = 64;

/** Counts of one (tool, path). */
export interface Place {
  n: number;
  fresh: number;
  readonly cells: number[];
  readonly bins: number[];
  readonly filter: Uint8Array;
}

export type Habits = Map<string, Place>;

/** One argument, reduced to what is counted. */
export interface ArgumentTrait {
  readonly place: string;
  /** Name as the caller wrote it, e.g. `recipients[]`. */
  readonly name: string;
  readonly cell: number;
  readonly bin: number;
  readonly value: number;
}

export function traitsOf(tool: string, args: unknown): ArgumentTrait[] {
  const out: ArgumentTrait[] = [];
  visit(args, { tool, name: '', depth: 0 }, out);
  return out;
}

export interface ArgumentSurprise {
  readonly bits: number;
  /** The most surprising argument, in words; undefined when none is. */
  readonly reason: string | undefined;
}

/** Maximum plus half the second: one odd argument is enough, two are worse. In bits. */
export function surpriseOf(habits: Habits, traits: readonly ArgumentTrait[]): ArgumentSurprise {
  let first = 0;
  let second = 0;
  let reason: string | undefined;
  for (const trait of traits) {
    const place = habits.get(trait.place);
    if (place === undefined || place.n === 0) continue;
    const { bits, why } = placeSurprise(place, trait);
    if (bits > first) {
      second = first;
      first = bits;
      reason = why;
    } else if (bits > second) second = bits;
  }
  return { bits: first + second / 2, reason };
}

export function learnTraits(habits: Habits, traits: readonly ArgumentTrait[], by: 1 | -1): void {
  for (const trait of traits) {
    let place = habits.get(trait.place);
    if (place === undefined) {
      if (habits.size >= placesMax || by < 0) continue;
      place = { n: 0, fresh: 0, cells: new Array<number>(cellsCount).fill(0), bins: new Array<number>(binsCount).fill(0), filter: new Uint8Array(filterBytes) };
      habits.set(trait.place, place);
    }
    if (by > 0 && !isSeen(place, trait.value)) place.fresh += 1;
    place.n = Math.max(0, place.n + by);
    if (trait.cell >= 0) place.cells[trait.cell] = Math.max(0, (place.cells[trait.cell] ?? 0) + by);
    if (trait.bin >= 0) place.bins[trait.bin] = Math.max(0, (place.bins[trait.bin] ?? 0) + by);
    if (by > 0) see(place, trait.value);
  }
}

function placeSurprise(place: Place, trait: ArgumentTrait): { bits: number; why: string } {
  const shape = trait.cell >= 0 ? bits(place.cells[trait.cell] ?? 0, place.n, cellsCount) : bits(place.bins[trait.bin] ?? 0, place.n, binsCount);
  const isNew = !isSeen(place, trait.value);
  const novelty = isNew ? bits(place.fresh, place.n, 2) : 0;
  if (novelty >= shape) return { bits: novelty, why: `\`${trait.name}\` has a value never seen there; ${place.fresh} of ${place.n} values there were new when they came` };
  const count = trait.cell >= 0 ? (place.cells[trait.cell] ?? 0) : (place.bins[trait.bin] ?? 0);
  return { bits: shape, why: `\`${trait.name}\` is of a kind or size seen there ${count} of ${place.n} times` };
}

function bits(count: number, total: number, kinds: number): number {
  return -Math.log2((count + smoothing / kinds) / (total + smoothing));
}

function visit(value: unknown, at: { tool: string; name: string; depth: number }, out: ArgumentTrait[]): void {
  if (out.length >= leavesMax || at.depth > 6 || value === null || value === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) visit(item, { ...at, name: `${at.name}[]`, depth: at.depth + 1 }, out);
  } else if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value)) visit(member, { ...at, name: at.name === '' ? key : `${at.name}.${key}`, depth: at.depth + 1 }, out);
  } else {
    const text = String(value as string | number | boolean | bigint | symbol);
    const number = typeof value === 'number' ? value : undefined;
    out.push({ place: `${at.tool}\0${at.name}`, name: at.name.slice(0, 64), cell: number === undefined ? cellOf(text) : -1, bin: number === undefined ? -1 : binOf(number), value: hashOf(text.slice(0, 1_024)) });
  }
}

/** Four length classes times six character classes. */
function cellOf(text: string): number {
  const length = text.length <= 12 ? 0 : text.length <= 48 ? 1 : text.length <= 240 ? 2 : 3;
  return length * 6 + characterClass(text.slice(0, 512));
}

function characterClass(text: string): number {
  if (/^[\d\s.,:/-]*$/.test(text)) return 0;
  if (/^[\w.%+-]+@[\w.-]+$/.test(text)) return 1;
  if (/^\w+:\/\/|^(?:[\w-]+\.)+[a-z]{2,}(?:\/|$)/i.test(text)) return 2;
  if (/^[\w-]+$/.test(text)) return 3;
  return /[;|`$<>{}=\\]/.test(text) ? 4 : 5;
}

/** Sign and order of magnitude. */
function binOf(value: number): number {
  if (!Number.isFinite(value) || value === 0) return 0;
  const magnitude = Math.min(6, Math.max(0, Math.floor(Math.log10(Math.abs(value))) + 2));
  return value > 0 ? 1 + magnitude : 8 + magnitude;
}

function isSeen(place: Place, hash: number): boolean {
  return hasBit(place.filter, hash) && hasBit(place.filter, Math.imul(hash, 0x9e3779b1) >>> 0);
}

function see(place: Place, hash: number): void {
  for (const bit of [hash, Math.imul(hash, 0x9e3779b1) >>> 0]) place.filter[(bit >>> 3) % filterBytes] = (place.filter[(bit >>> 3) % filterBytes] ?? 0) | (1 << (bit & 7));
}

function hasBit(filter: Uint8Array, bit: number): boolean {
  return ((filter[(bit >>> 3) % filterBytes] ?? 0) & (1 << (bit & 7))) !== 0;
}
