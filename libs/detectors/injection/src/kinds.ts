/**
 * Things that stand for themselves: addresses, links, paths, numbers, identifiers.
 * KD1. Values are replaced by their kind, so no model can learn a particular address or account.
 */
import { letters, mark, marks } from './characters.js';

export type Kind = 'email' | 'link' | 'path' | 'number' | 'identifier';

/** A run of characters without a separator, and the marks seen in it. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly seen: number;
}

const identifier = /^(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+|[a-z0-9]+(?:-[a-z0-9]+)+)$/;

export function kindOf(plain: string, { start, end, seen }: Piece): Kind | undefined {
  const length = end - start;
  if ((seen & mark.at) !== 0 && (seen & mark.dot) !== 0 && length > 2) return 'email';
  if ((seen & mark.slash) !== 0) return slashed(plain, { start, end }, seen);
  if ((seen & mark.dot) !== 0 && looksLikeHost(plain, { start, end }, seen)) return 'link';
  if ((seen & mark.digit) !== 0 && 2 * digitsIn(plain, start, end) >= length) return 'number';
  if (length > 64 || (seen & (mark.dot | mark.colon | mark.other)) !== 0) return undefined;
  const isJoined = (seen & (mark.under | mark.dash)) !== 0;
  // "Name" and "NAME" are words; only a small letter before a capital makes a name of a program.
  const isCamel = (seen & letters) === letters && marks[plain.charCodeAt(start)] === mark.lower;
  return (isJoined || isCamel) && identifier.test(plain.slice(start, end)) ? 'identifier' : undefined;
}

function digitsIn(plain: string, start: number, end: number): number {
  let digits = 0;
  for (let at = start; at < end; at += 1) {
    const code = plain.charCodeAt(at);
    if (code >= 48 && code <= 57) digits += 1;
  }
  return digits;
}

function slashed(plain: string, { start, end }: { start: number; end: number }, seen: number): Kind | undefined {
  const text = plain.slice(start, Math.min(end, start + 128));
  if ((seen & mark.colon) !== 0 && text.includes('://')) return 'link';
  if (text.startsWith('www.')) return 'link';
  const first = text.indexOf('/');
  return first === 0 || text.startsWith('~/') || (text.length > 4 && first !== text.lastIndexOf('/')) ? 'path' : undefined;
}

/** `name.tld`, lower case, the last part two to four letters. */
function looksLikeHost(plain: string, { start, end }: { start: number; end: number }, seen: number): boolean {
  if (plain.startsWith('www.', start)) return true;
  if (end - start > 80 || (seen & ~(mark.lower | mark.digit | mark.dot | mark.dash)) !== 0) return false;
  const dot = plain.lastIndexOf('.', end - 1);
  const suffix = end - dot - 1;
  if (dot - start < 3 || suffix < 2 || suffix > 4) return false;
  for (let at = dot + 1; at < end; at += 1) if (marks[plain.charCodeAt(at)] !== mark.lower) return false;
  return true;
}
