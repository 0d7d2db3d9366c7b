/**
 * What a careful reader should know of JSON bytes before trusting one parser's reading of them.
 * JF1. Two common parsers may differ on: repeated keys, integers beyond ±2^53, magnitudes a double cannot hold, lone surrogates,
 *      bytes that are not UTF-8. Another spelling of the same number (`50.0`, `5e1`) is not among them: many clients write floats so.
 * JF2. One pass, no recursion; works on bytes that `JSON.parse` accepted, and ends on any.
 * JF3. Keys are compared decoded: `"a"` and `"\u0061"` are one key.
 */
import { isUtf8 } from 'node:buffer';
import { skipString, stringAt, type Span } from './json-spans.js';

export interface JsonFacts {
  readonly repeatedKey: boolean;
  readonly unsafeNumber: boolean;
  readonly loneSurrogate: boolean;
  readonly invalidUtf8: boolean;
  /** Deepest nesting; a scalar root is 0. */
  readonly depth: number;
}

interface Frame {
  readonly isObject: boolean;
  keys: string[];
  keySet: Set<string> | undefined;
  expectsKey: boolean;
}

/** O(bytes); about 10 µs per kilobyte of ordinary JSON. */
export function factsOf(bytes: Uint8Array): JsonFacts {
  const reader = new FactReader(bytes);
  let at = 0;
  while (at < bytes.length) at = reader.step(at);
  return reader.facts;
}

/** Do two common parsers possibly read these bytes differently? */
export function isAmbiguous(facts: JsonFacts): boolean {
  return facts.repeatedKey || facts.unsafeNumber || facts.loneSurrogate || facts.invalidUtf8;
}

class FactReader {
  readonly facts: { -readonly [K in keyof JsonFacts]: JsonFacts[K] };
  readonly #bytes: Uint8Array;
  readonly #frames: Frame[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.facts = { repeatedKey: false, unsafeNumber: false, loneSurrogate: false, invalidUtf8: !isUtf8(bytes), depth: 0 };
  }

  step(at: number): number {
    const byte = this.#bytes[at] as number;
    if (byte === 34) return this.#string(at);
    if (byte === 45 || (byte >= 48 && byte <= 57)) return this.#number(at);
    const frames = this.#frames;
    if (byte === 123 || byte === 91) {
      frames.push({ isObject: byte === 123, keys: [], keySet: undefined, expectsKey: byte === 123 });
      if (frames.length > this.facts.depth) this.facts.depth = frames.length;
    } else if (byte === 125 || byte === 93) {
      frames.pop();
    } else if (byte === 44) {
      const frame = frames[frames.length - 1];
      if (frame?.isObject === true) frame.expectsKey = true;
    }
    return at + 1;
  }

  #string(at: number): number {
    const span = { start: at, end: skipString(this.#bytes, at) };
    const frame = this.#frames[this.#frames.length - 1];
    const isKey = frame?.expectsKey === true;
    const text = isKey || this.#hasEscape(span) ? stringAt(this.#bytes, span) : undefined;
    if (text === undefined) return span.end;
    if (loneSurrogate.test(text)) this.facts.loneSurrogate = true;
    if (frame === undefined || !isKey) return span.end;
    frame.expectsKey = false;
    if (!this.facts.repeatedKey) this.facts.repeatedKey = wasSeen(frame, text);
    return span.end;
  }

  #hasEscape(span: Span): boolean {
    const escape = this.#bytes.indexOf(92, span.start);
    return escape !== -1 && escape < span.end;
  }

  #number(at: number): number {
    let end = at + 1;
    let hasExponent = false;
    while (end < this.#bytes.length) {
      const byte = this.#bytes[end] as number;
      const isPart = (byte >= 48 && byte <= 57) || byte === 46 || byte === 43 || byte === 45;
      if (byte === 101 || byte === 69) hasExponent = true;
      else if (!isPart) break;
      end += 1;
    }
    if (hasExponent || end - at > 15) this.facts.unsafeNumber ||= isUnsafe(Buffer.from(this.#bytes.subarray(at, end)).toString('latin1'));
    return end;
  }
}

/** In `u` mode a surrogate matches only where it has no partner. */
const loneSurrogate = /\p{Surrogate}/u;

/** Long objects get a set; most have few keys, where a scan of an array is cheaper. */
function wasSeen(frame: Frame, key: string): boolean {
  if (frame.keySet !== undefined) {
    if (frame.keySet.has(key)) return true;
    frame.keySet.add(key);
    return false;
  }
  if (frame.keys.includes(key)) return true;
  frame.keys.push(key);
  if (frame.keys.length > 16) {
    frame.keySet = new Set(frame.keys);
    frame.keys = [];
  }
  return false;
}

/** Beyond what a double holds: an integer past ±2^53, a magnitude that overflows, or one that vanishes to zero. */
function isUnsafe(literal: string): boolean {
  const value = Number(literal);
  if (!Number.isFinite(value)) return true;
  if (value === 0) return /[1-9]/.test(literal.split(/e/i, 1)[0] ?? '');
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && (Number.isInteger(value) || /^-?\d+$/.test(literal));
}
