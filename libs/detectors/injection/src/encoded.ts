/**
 * Text packed inside text: base64, percent encoding. A model unpacks these; so do we, to score what is inside.
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

const base64Run = /[A-Za-z0-9+/_-]{32,}={0,2}/g;
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
  const inner: Decoded[] = [];
  for (const match of text.matchAll(base64Run)) {
    const plain = readable(Buffer.from(match[0].slice(0, decodedCharactersMax), 'base64'));
    if (plain !== undefined) inner.push({ start: match.index, end: match.index + match[0].length, text: plain });
  }
  if (!text.includes('%')) return inner;
  for (const match of text.matchAll(percentRun)) {
    const plain = match[0].slice(0, decodedCharactersMax).replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    inner.push({ start: match.index, end: match.index + match[0].length, text: plain });
  }
  return inner;
}

/** Mostly printable, and with spaces where words end; a lower-case word of base64 letters decodes to noise. */
function readable(bytes: Buffer): string | undefined {
  let printable = 0;
  let spaces = 0;
  for (const byte of bytes) {
    if ((byte >= 32 && byte < 127) || byte === 10) printable += 1;
    if (byte === 32) spaces += 1;
  }
  return printable >= 0.95 * bytes.length && spaces * 16 >= bytes.length ? bytes.toString('utf8') : undefined;
}
