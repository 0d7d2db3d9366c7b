/**
 * Canonical JSON text of a byte span: RFC 8785 with one deviation, numbers keep their literal spelling.
 * CL1. Member order, white space and string escaping do not matter; everything else does (no Unicode normalisation).
 * CL2. 1, 1.0 and 1e0 differ, because a server may treat them differently and a grant is for one call only.
 * CL3. Repeated keys are all kept, in the order they came, so that two texts never share a form by dropping one.
 * CL4. A literal without a backslash is canonical as it stands: it is copied, never decoded.
 */
import { textAt, type Span } from './json-spans.js';
import { depthMax } from './rpc-message.js';

/** @param span of a value `JSON.parse` accepts. O(bytes · depth). @throws RangeError when nested deeper than `depthMax`. */
export function canonicalLiteral(bytes: Uint8Array, span: Span): string {
  return new Canonical(textAt(bytes, span)).value(0);
}

class Canonical {
  readonly #text: string;
  readonly #hasEscapes: boolean;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#hasEscapes = text.includes('\\');
  }

  value(depth: number): string {
    if (depth > depthMax) throw new RangeError(`nested deeper than ${depthMax}`);
    switch (this.#next()) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  /** The first character that is not white space; '' at the end. */
  #next(): string {
    while (this.#text.charCodeAt(this.#at) <= 32) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  #object(depth: number): string {
    const members: { readonly key: string; readonly text: string }[] = [];
    this.#at += 1;
    while (this.#next() === '"') {
      const literal = this.#string();
      if (this.#next() !== ':') break;
      this.#at += 1;
      members.push({ key: decoded(literal), text: `${literal}:${this.value(depth + 1)}` });
      if (this.#next() !== ',') break;
      this.#at += 1;
    }
    this.#at += 1;
    members.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return `{${members.map(({ text }) => text).join(',')}}`;
  }

  #array(depth: number): string {
    const elements: string[] = [];
    this.#at += 1;
    while (this.#next() !== ']' && this.#at < this.#text.length) {
      elements.push(this.value(depth + 1));
      if (this.#next() !== ',') break;
      this.#at += 1;
    }
    this.#at += 1;
    return `[${elements.join(',')}]`;
  }

  #string(): string {
    const start = this.#at;
    this.#at = this.#endOfString(start);
    const literal = this.#text.slice(start, this.#at);
    return this.#hasEscapes && literal.includes('\\') ? respelt(literal) : literal;
  }

  #endOfString(start: number): number {
    const text = this.#text;
    if (!this.#hasEscapes) return (text.indexOf('"', start + 1) + 1 || text.length);
    let at = start + 1;
    while (at < text.length && text.charCodeAt(at) !== 34) at += text.charCodeAt(at) === 92 ? 2 : 1;
    return Math.min(text.length, at + 1);
  }

  #scalar(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s,\]}]/.test(this.#text.charAt(this.#at))) this.#at += 1;
    if (this.#at === start) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }
}

function respelt(literal: string): string {
  return JSON.stringify(decodedEscapes(literal));
}

function decoded(canonical: string): string {
  return canonical.includes('\\') ? decodedEscapes(canonical) : canonical.slice(1, -1);
}

function decodedEscapes(literal: string): string {
  const value: unknown = JSON.parse(literal);
  return typeof value === 'string' ? value : '';
}
