/**
 * A text as a reader sees it: without characters that show nothing, with character references resolved, and with letters of another
 * alphabet that stand in for Latin ones inside a Latin word. Each character keeps the place it came from.
 * UH1. A text in another alphabet stays as it is: only words that mix alphabets are read as Latin.
 * UH2. Linear; plain ASCII without `&` is passed through after one look.
 */
export interface Unhidden {
  readonly text: string;
  /** Place of each character in the text given; one more at the end. */
  readonly places: Uint32Array;
}

const lookAlikes: Readonly<Record<string, string>> = Object.fromEntries(
  ['аa', 'еe', 'оo', 'рp', 'сc', 'хx', 'уy', 'іi', 'јj', 'ѕs', 'һh', 'ԁd', 'ԛq', 'ԝw', 'ӏl', 'ԍg', 'ѵv', 'АA', 'ВB', 'ЕE', 'КK', 'МM', 'НH', 'ОO', 'РP', 'СC', 'ТT', 'ХX', 'УY', 'ІI', 'ЈJ', 'ЅS',
    'αa', 'οo', 'νv', 'ρp', 'ιi', 'κk', 'υu', 'χx', 'ΑA', 'ΒB', 'ΕE', 'ΖZ', 'ΗH', 'ΙI', 'ΚK', 'ΜM', 'ΝN', 'ΟO', 'ΡP', 'ΤT', 'ΥY', 'ΧX'].map((pair) => [...pair] as [string, string]),
);
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', commat: '@', period: '.', colon: ':', sol: '/', hyphen: '-', lowbar: '_', num: '#', equals: '=', plus: '+', comma: ',' };
const reference = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,6}));/y;

/** @returns undefined when nothing is hidden. */
export function unhidden(text: string): Unhidden | undefined {
  if (!mayHide(text)) return undefined;
  const places = new Uint32Array(text.length + 1);
  const mixed = mixedWords(text);
  let out = '';
  let changed = false;
  for (let at = 0; at < text.length; ) {
    const { taken, shown } = readAt(text, at, mixed);
    if (taken !== shown.length || shown !== text.slice(at, at + taken)) changed = true;
    for (let inside = 0; inside < shown.length; inside++) places[out.length + inside] = at;
    out += shown;
    at += taken;
  }
  if (!changed) return undefined;
  places[out.length] = text.length;
  return { text: out, places: places.slice(0, out.length + 1) };
}

function mayHide(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127 || code === 38) return true;
  }
  return false;
}

/** A character reference shows one character; a mark of the tag block shows the ASCII it stands for nowhere, so it shows nothing. */
function readAt(text: string, at: number, mixed: readonly { readonly start: number; readonly end: number }[]): { taken: number; shown: string } {
  const code = text.charCodeAt(at);
  if (code === 38) {
    reference.lastIndex = at;
    const match = reference.exec(text);
    const shown = match === null ? undefined : (named[match[3] ?? ''] ?? characterOf(match[1], match[2]));
    return match === null || shown === undefined ? { taken: 1, shown: '&' } : { taken: match[0].length, shown };
  }
  if (code < 128) return { taken: 1, shown: text.charAt(at) };
  if (isInvisible(code)) return { taken: 1, shown: '' };
  if (code === 0xdb40) return { taken: Math.min(2, text.length - at), shown: '' };
  const letter = lookAlikes[text.charAt(at)];
  return { taken: 1, shown: letter !== undefined && isInside(mixed, at) ? letter : text.charAt(at) };
}

function characterOf(decimal: string | undefined, hex: string | undefined): string | undefined {
  const code = decimal === undefined ? Number.parseInt(hex ?? 'x', 16) : Number(decimal);
  if (!(code > 31 && code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return String.fromCodePoint(code);
}

/** Zero-width and joining marks, directions, the soft hyphen, the byte-order mark. */
function isInvisible(code: number): boolean {
  return code === 0xad || (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x2069) || code === 0xfeff;
}

function mixedWords(text: string): readonly { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}\u00ad\u200b-\u200f\u2060-\u2064]+/gu)) {
    if (/[A-Za-z0-9]/.test(match[0]) && /[\u0370-\u03ff\u0400-\u052f]/.test(match[0])) found.push({ start: match.index, end: match.index + match[0].length });
  }
  return found;
}

/** Spans are in order and do not overlap. */
function isInside(spans: readonly { readonly start: number; readonly end: number }[], at: number): boolean {
  let low = 0;
  let high = spans.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (span === undefined) return false;
    if (at < span.start) high = middle - 1;
    else if (at >= span.end) low = middle + 1;
    else return true;
  }
  return false;
}
