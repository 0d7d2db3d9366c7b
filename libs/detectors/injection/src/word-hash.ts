/** FNV-1a over lower-cased ASCII and other letters as they are, 32 bits; never 0, so that 0 can mean "no word". */
export const hashStart = 0x811c9dc5 | 0;

/** @param code of a small letter, or of anything that has no case. */
export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

export function hashEnd(hash: number): number {
  return hash ^ (hash >>> 15) || 1;
}

export function hashSlice(text: string, start: number, end: number): number {
  let hash = hashStart;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    hash = hashStep(hash, code >= 65 && code <= 90 ? code + 32 : code);
  }
  return hashEnd(hash);
}

export function hashOf(word: string): number {
  return hashSlice(word, 0, word.length);
}

/** Of two hashes in this order. */
export function mixed(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ right;
  return Math.imul(hash ^ (hash >>> 13), 0x85ebca6b) ^ (hash >>> 16);
}
