/**
 * The plain letters behind a text: what a model would understand of it, whatever it was dressed in.
 * PL1. The result is for scoring only; spans are always given in the text as it came.
 * PL2. Linear: one pass to see what is needed, and only that is done.
 */
/** Code points that take no room on a page. */
const invisibleRanges = [
  [0xad, 0xad], [0x34f, 0x34f], [0x61c, 0x61c], [0x115f, 0x1160], [0x17b4, 0x17b5], [0x180b, 0x180e], [0x200b, 0x200f], [0x202a, 0x202e],
  [0x2060, 0x206f], [0x3164, 0x3164], [0xfe00, 0xfe0f], [0xfeff, 0xfeff], [0xffa0, 0xffa0],
] as const;
const invisible = new RegExp(`[${invisibleRanges.map(([first, last]) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join('')}]`, 'gu');
const tagCharacters = /\udb40[\udc00-\udc7f]/g;
const moreSelectors = /\udb40[\udd00-\uddef]/g;
/** Colours and cursor moves of a terminal, and links in it: no reader sees the codes, and they can stand inside a word. */
const terminalCodes = /\u001b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\u0007\u001b\n]{0,256}(?:\u0007|\u001b\\)|[@-Z\\^_])/g; // eslint-disable-line no-control-regex
export const beyondAscii = /[^\x00-\x7f]|\u001b/; // eslint-disable-line no-control-regex

/** Letters of other scripts that look like Latin ones; the ones a reader confuses, not every Unicode confusable. All below `lettersEnd`. */
const lookalikePairs = 'аaеeоoрpсcхxуyіiјjѕsԁdһhкkмmтtвbнhАAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅSαaοoρpνvτtιiκkΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX';
const lettersEnd = 0x530;
const lookalikes = new Uint16Array(lettersEnd);
for (let at = 0; at < lookalikePairs.length; at += 2) lookalikes[lookalikePairs.charCodeAt(at)] = lookalikePairs.charCodeAt(at + 1);

/** What a character asks for. */
const need = { nothing: 0, normalise: 1, unhide: 2, terminal: 4 } as const;

export function plainText(text: string): string {
  let all = 0;
  let codes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    codes |= code;
    all |= needs[code] ?? 0;
  }
  let plain = (all & need.terminal) === 0 ? text : text.replace(terminalCodes, '');
  if (codes < 128) return plain;
  if ((all & need.unhide) !== 0) plain = plain.replace(tagCharacters, (pair) => String.fromCharCode(pair.charCodeAt(1) & 0x7f)).replace(moreSelectors, '').replace(invisible, '');
  if ((all & need.normalise) !== 0) plain = plain.normalize('NFKC');
  return withoutLookalikes(plain);
}

/** By code unit. Letters, common punctuation and ideographs are their own normal form; everything else is left to the normaliser. */
const needs = new Uint8Array(1 << 16).fill(need.normalise);
for (const [first, last] of [[0, 0x7f], [0xc0, 0x131], [0x391, 0x3ce], [0x400, 0x481], [0x48a, lettersEnd - 1], [0x2010, 0x2010], [0x2012, 0x2016], [0x2018, 0x201f], [0x4e00, 0x9fff]] as const) needs.fill(need.nothing, first, last + 1);
for (const [first, last] of [...invisibleRanges, [0xdb40, 0xdb40]] as const) needs.fill(need.unhide | need.normalise, first, last + 1);
needs[27] = need.terminal;

/** Only in words that mix scripts: a Russian or Greek word is left alone. */
function withoutLookalikes(text: string): string {
  let plain = '';
  let kept = 0;
  for (let at = 0; at < text.length; ) {
    const start = at;
    let scripts = 0;
    for (; at < text.length && isLetter(text.charCodeAt(at)); at += 1) scripts |= text.charCodeAt(at) < 128 ? 1 : (lookalikes[text.charCodeAt(at)] ?? 0) === 0 ? 0 : 2;
    if (scripts === 3) {
      plain += text.slice(kept, start) + replaced(text, start, at);
      kept = at;
    }
    at += at === start ? 1 : 0;
  }
  return kept === 0 ? text : plain + text.slice(kept);
}

function replaced(text: string, start: number, end: number): string {
  let word = '';
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    const twin = code < lettersEnd ? (lookalikes[code] ?? 0) : 0;
    word += twin === 0 ? text.charAt(at) : String.fromCharCode(twin);
  }
  return word;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 0xc0 && code < lettersEnd);
}
