/**
 * Text from traffic as a person may safely read it. Pure; the page and the API share it.
 * VT1. What a reader could not see, or would see elsewhere than it stands, becomes `U+XXXX`.
 * VT2. Nothing is lost: `hiddenText(visibleText(t))` is `t`.
 * VT3. Words that mix look-alike scripts are marked, not changed.
 */

export interface TextPiece {
  readonly text: string;
  /** `escaped`: stands for one character, `text` is its code point. `mixed`: a word of more than one script. `break`: a line ends here. */
  readonly kind: 'plain' | 'escaped' | 'mixed' | 'break';
}

// Controls, format characters, unassigned and private use, every space but U+0020, default-ignorables, and a blank Braille cell.
const unseen = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
const mark = /\p{M}/u;
const marksInARowMax = 2;
const word = /[\p{L}\p{M}\p{N}_]+/gu;
const lookAlikeScripts = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u, /\p{Script=Cherokee}/u];

/** O(length). Pieces are in order; neighbours of kind `plain` are joined. */
export function visibleText(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let plain = '';
  let marks = 0;
  const flush = () => {
    pieces.push(...plainPieces(plain));
    plain = '';
  };
  for (const character of text) {
    marks = mark.test(character) ? marks + 1 : 0;
    if (marks <= marksInARowMax && (character === ' ' || !unseen.test(character))) {
      plain += character;
      continue;
    }
    flush();
    pieces.push(character === '\n' ? { kind: 'break', text: '\n' } : { kind: 'escaped', text: codePoint(character) });
  }
  flush();
  return pieces;
}

/** The text the pieces stand for. */
export function hiddenText(pieces: readonly TextPiece[]): string {
  return pieces.map(({ kind, text }) => (kind === 'escaped' ? String.fromCodePoint(Number.parseInt(text.slice(2), 16)) : text)).join('');
}

/** One line, for titles, labels and announcements. */
export function visibleLine(text: string): string {
  return visibleText(text).map(({ kind, text: piece }) => (kind === 'escaped' ? `⟨${piece}⟩` : kind === 'break' ? '⏎' : piece)).join('');
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function plainPieces(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(word)) {
    if (lookAlikeScripts.filter((script) => script.test(match[0])).length < 2) continue;
    if (match.index > from) pieces.push({ kind: 'plain', text: text.slice(from, match.index) });
    pieces.push({ kind: 'mixed', text: match[0] });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ kind: 'plain', text: text.slice(from) });
  return pieces;
}
