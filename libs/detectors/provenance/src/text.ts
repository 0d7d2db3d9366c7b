/**
 * Text → tokens with their places.
 * TX1. Offsets are those of the input string: folding never changes a length, so a token's span can be quoted as evidence.
 * TX2. Linear in the text: it is cut at white space first, and every pattern sees at most `chunkCharsMax` characters.
 * Token keys: `@…` entity, `!…` verb group, anything else a stem or a number.
 */
import { dateKeys, datesIn, isDateKey } from './dates.js';
import { stopWords, verbsByWord } from './words.js';

export interface Token {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

const chunkCharsMax = 512;
const entityDigitsMin = 5;
const grouped = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const mail = /^[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;
const link = /^[a-z][a-z0-9+.-]*:\/\/\S+$/;
const host = /^(?:[a-z0-9_-]+\.)+[a-z]{2,12}(?::\d+)?(?:[/?#]\S*)?$/;
const account = /^[a-z]{2}\d{2}[a-z0-9]{4,}$/;
const mixedId = /^(?=[a-z0-9_-]*\d)(?=[a-z0-9_-]*[a-z])[a-z0-9_-]{6,}$/;
const number = /^[+-]?\d+(?:\.\d+)?$/;
const piece = /[\p{L}\p{N}]+(?:\.\d+)?/gu;

/** NFKC and lower case, one code unit for one: a character whose folded form has another length stays as it is. */
export function folded(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return text.replace(/[^\0-\x7f]/gu, foldedCharacter).replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

const charactersKept = 4_096;
const formByCharacter = new Map<string, string>();

/** Pure; remembered because a text repeats its characters. */
function foldedCharacter(character: string): string {
  const known = formByCharacter.get(character);
  if (known !== undefined) return known;
  const form = character.normalize('NFKC').toLowerCase();
  const kept = form.length === character.length ? form : character;
  if (formByCharacter.size >= charactersKept) formByCharacter.clear();
  formByCharacter.set(character, kept);
  return kept;
}

/** Tokens in order of place. `text` need not be folded. A verb yields its stem and its groups over the same span. */
export function tokensOf(text: string): Token[] {
  return tokensOfFolded(folded(text));
}

/** The same for a text that is folded already. */
export function tokensOfFolded(lower: string): Token[] {
  const found: Token[] = [];
  const end = lower.length;
  const whole = { start: 0, end };
  for (let at = 0; at < end; at++) {
    if (isCut(lower, at, whole)) continue;
    const start = at;
    while (at < end && !isCut(lower, at, whole)) at += 1;
    chunkTokens(lower.slice(start, at), start, found);
  }
  const days = datesIn(lower);
  return days.length === 0 ? found : [...found, ...days].sort((a, b) => a.start - b.start);
}

/** White space and the signs between values; a comma inside a number belongs to it: `1,234,567` is one value. */
function isCut(text: string, at: number, span: { readonly start: number; readonly end: number }): boolean {
  const code = text.charCodeAt(at);
  if (code >= 128) return wideClass(code) !== 0;
  if (((classes[code] ?? 0) & cutBit) === 0) return false;
  return code !== 44 || !groupsDigits(text, at, span);
}

/** Does a comma stand between digits of one number? */
export function groupsDigits(text: string, at: number, { start, end }: { readonly start: number; readonly end: number }): boolean {
  return at > start && at + 3 < end && isDigitAt(text, at - 1) && isDigitAt(text, at + 1) && isDigitAt(text, at + 2) && isDigitAt(text, at + 3) && !(at + 4 < end && isDigitAt(text, at + 4));
}

export const cutBit = 1;
/** Left out where a chunk begins, and where it ends. */
export const leadingBit = 2;
export const trailingBit = 4;
export const digitBit = 8;

/** Bits of a character above ASCII: white space cuts, all else is kept. */
export function wideClass(code: number): number {
  return code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f || code === 0x3000 || code === 0xfeff ? cutBit : 0;
}

/** Bits of an ASCII character. */
export const classes = Uint8Array.from({ length: 128 }, (_, code) => {
  const cut = /[\s"'`<>()[\]{}|;,=]/.test(String.fromCharCode(code)) ? cutBit : 0;
  return cut | (leading(code) ? leadingBit : 0) | (trailing(code) ? trailingBit : 0) | (code >= 48 && code <= 57 ? digitBit : 0);
});

function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

const tokensByLeaf = new WeakMap<object, readonly Token[]>();

/** Tokens of a text that several rules ask about; cut up once as long as its holder lives. */
export function tokensOfLeaf(leaf: { readonly text: string }): readonly Token[] {
  const known = tokensByLeaf.get(leaf);
  if (known !== undefined) return known;
  const tokens = tokensOf(leaf.text);
  tokensByLeaf.set(leaf, tokens);
  return tokens;
}

/** The keys alone, once each. */
export function tokenKeys(text: string): Set<string> {
  return new Set(tokensOf(text).map((token) => token.key));
}

/** How much one shared token says: an address much, a small number little. */
export function weightOf(key: string): number {
  const first = key.charCodeAt(0);
  if (first === 64) return 2;
  if (first >= 48 && first <= 57) return key.length < 3 ? 0.3 : 0.7;
  return 1;
}

export function isEntity(key: string): boolean {
  return key.charCodeAt(0) === 64;
}

/** An entity that names somebody, something or some place: no date, no time, no amount. */
export function isNaming(key: string): boolean {
  return isEntity(key) && !isDateKey(key) && !/^@\d+\.\d+$/.test(key);
}

export function stemOf(word: string): string {
  if (word.length < 4) return word;
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (word.endsWith('ing') && word.length > 5) return word.slice(0, -3);
  if (word.endsWith('ed') && word.length > 4) return word.slice(0, -2);
  if (word.endsWith('es') && word.length > 4) return word.slice(0, -2);
  if (word.endsWith('ss')) return word;
  if (word.endsWith('s') || word.endsWith('e')) return word.slice(0, -1);
  return word;
}

/** Tokens of what stands between two cuts. */
export function chunkTokens(raw: string, at: number, out: Token[]): void {
  let from = 0;
  let to = raw.length;
  while (from < to && leading(raw.charCodeAt(from))) from += 1;
  while (to > from && trailing(raw.charCodeAt(to - 1))) to -= 1;
  if (from === to) return;
  const text = from === 0 && to === raw.length ? raw : raw.slice(from, to);
  const start = at + from;
  if (isPlainWord(text)) {
    for (const key of knownWordKeys(text)) out.push({ key, start, end: at + to });
    return;
  }
  if (isPlainNumber(text)) {
    out.push({ key: text.length >= entityDigitsMin ? `@${text}` : String(Number(text)), start, end: at + to });
    return;
  }
  const dated = dateKeys(text);
  if (dated !== undefined) {
    for (const key of dated) out.push({ key, start, end: at + to });
    return;
  }
  const entity = text.length <= chunkCharsMax ? entityKey(text) : undefined;
  if (entity !== undefined) {
    out.push({ key: entity, start, end: at + to });
    return;
  }
  wordTokens(text, start, out);
}

function entityKey(text: string): string | undefined {
  if (mail.test(text)) return `@${text}`;
  if (link.test(text)) return `@${plainLink(text.slice(text.indexOf('://') + 3))}`;
  if (host.test(text)) return `@${plainLink(text)}`;
  if (account.test(text) || mixedId.test(text)) return `@${text}`;
  const digits = text.replace(/[-+]/g, '');
  return /^\d{5,}$/.test(digits) && text.length - digits.length <= 4 ? `@${digits}` : undefined;
}

function plainLink(text: string): string {
  const bare = text.startsWith('www.') ? text.slice(4) : text;
  return bare.replace(/[/.,;:]+$/, '');
}

function wordTokens(text: string, at: number, out: Token[]): void {
  if (number.test(text) || grouped.test(text)) {
    out.push({ key: plainNumber(text.replaceAll(',', '')), start: at, end: at + text.length });
    return;
  }
  for (const match of text.matchAll(piece)) {
    const start = at + match.index;
    const end = start + match[0].length;
    for (const key of knownWordKeys(match[0])) out.push({ key, start, end });
  }
}

const wordsKept = 16_384;
const keysByWord = new Map<string, readonly string[]>();

/** Pure, so remembering is only a matter of speed: text repeats its words. */
function knownWordKeys(word: string): readonly string[] {
  const known = keysByWord.get(word);
  if (known !== undefined) return known;
  const keys = wordKeys(word);
  if (word.length > 32) return keys;
  if (keysByWord.size >= wordsKept) keysByWord.clear();
  keysByWord.set(word, keys);
  return keys;
}

function wordKeys(word: string): readonly string[] {
  if (number.test(word)) return [plainNumber(word)];
  if (mixedId.test(word)) return [`@${word}`];
  if (stopWords.has(word)) return [];
  const groups = verbsByWord.get(word) ?? verbsByWord.get(stemOf(word)) ?? verbsByWord.get(`${stemOf(word)}e`);
  const stem = stemOf(word);
  return groups === undefined ? [stem] : [stem, ...groups.map((group) => `!${group}`)];
}

/** Digits and nothing else: no regular expression is needed to see what they are. */
export function isPlainNumber(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

function isPlainWord(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 97 || code > 122) return false;
  }
  return true;
}

function plainNumber(text: string): string {
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  const plain = String(Math.abs(value));
  return plain.replace(/\D/g, '').length >= 5 ? `@${plain}` : plain;
}

function leading(code: number): boolean {
  return !isWordCode(code) && code !== 64 && code < 128;
}

function trailing(code: number): boolean {
  return !isWordCode(code) && code !== 47 && code < 128;
}

function isWordCode(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false;
  return true;
}
