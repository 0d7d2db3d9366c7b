/** Fixed word lists, asked about stretches of a text without cutting them out. */
export class WordTable {
  private readonly words: (string | undefined)[];
  private readonly mask: number;
  readonly charsMax: number;

  constructor(words: Iterable<string>) {
    const list = [...new Set(words)];
    let size = 64;
    while (size < list.length * 4) size *= 2;
    this.words = new Array<string | undefined>(size);
    this.mask = size - 1;
    this.charsMax = list.reduce((longest, word) => Math.max(longest, word.length), 0);
    for (const word of list) {
      let slot = hashOf(word, 0, word.length) & this.mask;
      while (this.words[slot] !== undefined) slot = (slot + 1) & this.mask;
      this.words[slot] = word;
    }
  }

  /** Is the stretch from `start` to `end` one of the words? */
  has(text: string, start: number, end: number): boolean {
    const length = end - start;
    if (length > this.charsMax) return false;
    let slot = hashOf(text, start, end) & this.mask;
    for (let word = this.words[slot]; word !== undefined; word = this.words[slot]) {
      if (word.length === length && isAt(text, start, word)) return true;
      slot = (slot + 1) & this.mask;
    }
    return false;
  }
}

/** Does `word` stand at `start`? The caller has looked at its length. */
export function isAt(text: string, start: number, word: string): boolean {
  for (let at = 0; at < word.length; at++) if (text.charCodeAt(start + at) !== word.charCodeAt(at)) return false;
  return true;
}

function hashOf(text: string, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash ^ (hash >>> 15);
}
