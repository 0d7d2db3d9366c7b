/**
 * Text → token ids, as an uncased BERT reads it: cleaned, lower-cased, accents off, split at spaces, punctuation and ideographs, then the
 * longest known pieces first.
 * WP1. Linear in the text for a bounded word length; a word that no pieces make up, or longer than `wordCharactersMax`, is one unknown.
 * WP2. At most `tokensMax` ids, the opening and closing marks included.
 */
export interface WordPieceVocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly opening: number;
  readonly closing: number;
  readonly unknown: number;
}

const wordCharactersMax = 100;

/** @param json the content of a `tokenizer.json`. @throws Error when it is not an uncased WordPiece tokenizer. */
export function wordPieceVocabulary(json: string): WordPieceVocabulary {
  const { model, normalizer } = JSON.parse(json) as { model?: { type?: unknown; vocab?: Record<string, number> }; normalizer?: { type?: unknown; lowercase?: unknown } };
  const vocabulary = model?.type === 'WordPiece' && normalizer?.type === 'BertNormalizer' && normalizer.lowercase === true ? model.vocab : undefined;
  const ids = new Map(Object.entries(vocabulary ?? {}));
  const [opening, closing, unknown] = ['[CLS]', '[SEP]', '[UNK]'].map((name) => ids.get(name));
  if (opening === undefined || closing === undefined || unknown === undefined) throw new Error('The file is not an uncased WordPiece tokenizer; nothing was read with it.');
  return { ids, opening, closing, unknown };
}

export function wordPieces(text: string, vocabulary: WordPieceVocabulary, tokensMax: number): number[] {
  const found = [vocabulary.opening];
  for (const word of wordsOf(text)) {
    if (found.length >= tokensMax - 1) break;
    addPieces(found, word, vocabulary);
  }
  return [...found.slice(0, tokensMax - 1), vocabulary.closing];
}

const control = /[\u0000\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu; // eslint-disable-line no-control-regex
const accents = /\p{Mn}/gu;
const standsAlone = /[\p{P}$+<=>^`|~\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

function wordsOf(text: string): string[] {
  const clean = text.replace(control, '').normalize('NFD').replace(accents, '').toLowerCase();
  return clean.replace(standsAlone, ' $& ').split(/\s+/u).filter((word) => word !== '');
}

function addPieces(found: number[], word: string, { ids, unknown }: WordPieceVocabulary): void {
  const letters = [...word];
  const pieces: number[] = [];
  for (let start = 0; start < letters.length; ) {
    const piece = letters.length > wordCharactersMax ? undefined : longestFrom(letters, start, ids);
    if (piece === undefined) {
      found.push(unknown);
      return;
    }
    pieces.push(piece.id);
    start = piece.end;
  }
  found.push(...pieces);
}

function longestFrom(letters: readonly string[], start: number, ids: ReadonlyMap<string, number>): { id: number; end: number } | undefined {
  for (let end = letters.length; end > start; end -= 1) {
    const id = ids.get(`${start > 0 ? '##' : ''}${letters.slice(start, end).join('')}`);
    if (id !== undefined) return { id, end };
  }
  return undefined;
}
