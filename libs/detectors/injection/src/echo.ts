/**
 * Text that only repeats what the session said itself: the user's task and the agent's earlier arguments coming back in a result.
 * EC1. A window is an echo when most of its word triples stand, in order, in the session's own words.
 *      Triples and not words: an attacker who knows the task's words still cannot make new sentences of them.
 * EC2. Bounded: `triplesMax` hashes a session; the oldest go first.
 */
import { plainText } from './plain.js';
import { wordsOf } from './tokens.js';
import { windowsOf } from './windows.js';
import { mixed } from './word-hash.js';

export const triplesMax = 1_024;
const echoShareMin = 0.7;
const ownTextCharactersMax = 16 * 1024;

export function addOwnWords(triples: Set<number>, text: string): void {
  const own = text.slice(0, ownTextCharactersMax);
  for (const { start, end } of windowsOf(own)) {
    for (const triple of triplesOf(wordsOf(plainText(own.slice(start, end))))) {
      triples.delete(triple);
      triples.add(triple);
    }
  }
  for (const oldest of triples) {
    if (triples.size <= triplesMax) return;
    triples.delete(oldest);
  }
}

/** @param words the window's word hashes. */
export function isEcho(words: readonly number[], triples: ReadonlySet<number> | undefined): boolean {
  if (triples === undefined || triples.size === 0) return false;
  const own = triplesOf(words);
  if (own.length === 0) return false;
  return own.filter((triple) => triples.has(triple)).length >= echoShareMin * own.length;
}

function triplesOf(words: readonly number[]): number[] {
  const triples: number[] = [];
  for (let at = 2; at < words.length; at += 1) triples.push(mixed(mixed(words[at - 2] ?? 0, words[at - 1] ?? 0), words[at] ?? 0));
  return triples;
}
