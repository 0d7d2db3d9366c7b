/**
 * Text packed inside text: base64, percent encoding, numeric entities, \\u escapes. A model unpacks these; so do we, to score what is inside.
 * EN1. Depth at most 2, at most `decodedCharactersMax` characters per content, in one pass per layer.
 * EN2. Only what decodes to readable text counts: keys, images and hashes are left alone.
 */
export const decodedCharactersMax = 64 * 1024;
const depthMax = 2;

export interface Decoded {
  /** Span of the packed text, in the text as it came. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const base64CharactersMin = 32;
const entityRun = /(?:&#(?:x[0-9A-Fa-f]{1,6}|\d{1,7});){6,}/g;
const escapeRun = /(?:\\u[0-9A-Fa-f]{4}){6,}/g;
const percentRun = /(?:%[0-9A-Fa-f]{2}[\w.~+-]{0,64}){6,}/g;

export function decodedIn(text: string): readonly Decoded[] {
  const found: Decoded[] = [];
  let budget = decodedCharactersMax;
  let layer: readonly Decoded[] = unpacked(text);
  for (let depth = 0; depth < depthMax; depth += 1) {
    for (const inner of layer) budget -= inner.text.length;
    if (budget < 0) return found;
    found.push(...layer);
    layer = layer.flatMap((outer) => unpacked(outer.text).map((inner) => ({ start: outer.start, end: outer.end, text: inner.text })));
  }
  return found;
}

function unpacked(text: string): Decoded[] {
  const inner = base64In(text);
  if (text.includes('&#')) addRuns(inner, text, { run: entityRun, one: /&#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}));[ ]?/g });
  if (text.includes('\\u')) addRuns(inner, text, { run: escapeRun, one: /\\u([0-9A-Fa-f]{4})/g });
  if (!text.includes('%')) return inner;
  for (const match of text.matchAll(percentRun)) {
    const plain = match[0].slice(0, decodedCharactersMax).replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    inner.push({ start: match.index, end: match.index + match[0].length, text: plain });
  }
  return inner;
}

/** Only runs of `base64CharactersMin` matter, so it looks that far ahead and back again: in prose, one look for many characters. */
/** `one` captures a code point in hexadecimal, or in decimal in its second group. */
function addRuns(inner: Decoded[], text: string, { run, one }: { run: RegExp; one: RegExp }): void {
  for (const match of text.matchAll(run)) {
    const plain = match[0].slice(0, decodedCharactersMax).replace(one, (_, hex: string | undefined, decimal: string | undefined) => letterOf(hex === undefined ? Number(decimal) : parseInt(hex, 16)));
    inner.push({ start: match.index, end: match.index + match[0].length, text: plain });
  }
}

function letterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
}

function base64In(text: string): Decoded[] {
  const inner: Decoded[] = [];
  for (let start = 0; start + base64CharactersMin <= text.length; ) {
    let last = start + base64CharactersMin - 1;
    while (last >= start && isBase64(text.charCodeAt(last))) last -= 1;
    if (last >= start) {
      start = last + 1;
      continue;
    }
    let end = start + base64CharactersMin;
    while (end < text.length && isBase64(text.charCodeAt(end))) end += 1;
    const plain = readable(Buffer.from(text.slice(start, Math.min(end, start + decodedCharactersMax)), 'base64'));
    if (plain !== undefined) inner.push({ start, end: end + paddingAt(text, end), text: plain });
    start = end + 1;
  }
  return inner;
}

function paddingAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== 61) return 0;
  return text.charCodeAt(at + 1) === 61 ? 2 : 1;
}

const base64Codes = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_') base64Codes[character.charCodeAt(0)] = 1;

function isBase64(code: number): boolean {
  return code < 128 && base64Codes[code] === 1;
}

/** Nineteen of twenty bytes printable: chance gives a third, so keys, images and hashes do not pass. */
function readable(bytes: Buffer): string | undefined {
  let printable = 0;
  for (const byte of bytes) if ((byte >= 32 && byte < 127) || byte === 10) printable += 1;
  return printable >= 0.95 * bytes.length ? bytes.toString('utf8') : undefined;
}
