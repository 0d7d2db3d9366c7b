/**
 * A window as tokens: lower-case words, and one token for each kind of thing that stands for itself (address, link, path, number).
 * TK1. Values are replaced by their kind, so no model can learn a particular address or account.
 * TK2. One pass; at most `tokensMax` tokens.
 */
export const tokensMax = 96;

export type ThingKind = 'email' | 'link' | 'path' | 'number' | 'identifier';

export interface Tokens {
  readonly words: readonly string[];
  /** How many of each kind stand in the window. */
  readonly things: Readonly<Record<ThingKind, number>>;
  /** Identifiers as written, lower case: candidates for names of tools and arguments. */
  readonly identifiers: readonly string[];
  /** Words written in capitals only, of at least three letters. */
  readonly shouted: number;
  /** Does a bracketed or colon-ended header open the window, as in a transcript of roles? */
  readonly roleMarker: boolean;
}

const chunk = /[^\s"'`()[\]{}<>,;|*#=!?]+/g;
const identifier = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$|^[a-z]+(?:[A-Z][a-z0-9]+)+$|^[a-z0-9]+(?:-[a-z0-9]+)+$/;

export function tokensOf(plain: string): Tokens {
  const words: string[] = [];
  const identifiers: string[] = [];
  const things = { email: 0, link: 0, path: 0, number: 0, identifier: 0 };
  let shouted = 0;
  for (const match of plain.matchAll(chunk)) {
    if (words.length >= tokensMax) break;
    const piece = trimmed(match[0]);
    if (piece === '') continue;
    const kind = kindOf(piece);
    if (kind === 'identifier') identifiers.push(piece.toLowerCase());
    if (kind !== undefined) {
      things[kind] += 1;
      words.push(`<${kind}>`);
      continue;
    }
    if (piece.length >= 3 && piece.length <= 24 && piece === piece.toUpperCase() && piece !== piece.toLowerCase()) shouted += 1;
    words.push(piece.toLowerCase().slice(0, 24));
  }
  return { words, things, identifiers, shouted, roleMarker: opensWithRole(plain) };
}

function kindOf(piece: string): ThingKind | undefined {
  if (piece.length > 2 && piece.includes('@') && piece.includes('.')) return 'email';
  if (piece.includes('://') || piece.startsWith('www.') || looksLikeHost(piece)) return 'link';
  if ((piece.includes('/') && piece.length > 4 && piece.indexOf('/') !== piece.lastIndexOf('/')) || piece.startsWith('~/') || piece.startsWith('/')) return 'path';
  if (digitsIn(piece) * 2 >= piece.length && digitsIn(piece) > 0) return 'number';
  return piece.length <= 64 && identifier.test(piece) ? 'identifier' : undefined;
}

function looksLikeHost(piece: string): boolean {
  const dot = piece.lastIndexOf('.');
  return dot > 2 && dot < piece.length - 2 && piece.length - dot <= 5 && piece.length <= 80 && /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,4}$/.test(piece);
}

function digitsIn(piece: string): number {
  let digits = 0;
  for (let n = 0; n < piece.length && n < 64; n += 1) {
    const code = piece.charCodeAt(n);
    if (code >= 48 && code <= 57) digits += 1;
  }
  return digits;
}

function trimmed(piece: string): string {
  let end = piece.length;
  while (end > 0 && isPunctuation(piece.charCodeAt(end - 1))) end -= 1;
  let start = 0;
  while (start < end && piece.charCodeAt(start) === 46) start += 1;
  return piece.slice(start, end);
}

function isPunctuation(code: number): boolean {
  return code === 46 || code === 58 || code === 45 || code === 95 || code === 47 || code === 92;
}

/** `[SYSTEM: …`, `<system>`, `### Instruction`, `Assistant:` and the like: a short header that speaks as a party of the conversation. */
const roleHeader = /^[\s[<{(#*|=-]{0,8}(?:system|assistant|user|human|developer|admin|administrator|instructions?|new instructions?|prompt|ai|inst|im_start)\b[^\n]{0,16}?[:\]>|#]/i;

function opensWithRole(plain: string): boolean {
  return roleHeader.test(plain.slice(0, 64));
}
