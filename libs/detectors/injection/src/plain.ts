/**
 * The plain letters behind a text: what a model would understand of it, whatever it was dressed in.
 * PL1. The result is for scoring only; spans are always given in the text as it came.
 */
/** Code points that take no room on a page. */
const invisibleRanges = [
  [0xad, 0xad], [0x34f, 0x34f], [0x61c, 0x61c], [0x115f, 0x1160], [0x17b4, 0x17b5], [0x180b, 0x180e], [0x200b, 0x200f], [0x202a, 0x202e],
  [0x2060, 0x206f], [0x3164, 0x3164], [0xfe00, 0xfe0f], [0xfeff, 0xfeff], [0xffa0, 0xffa0],
] as const;
const invisible = new RegExp(`[${invisibleRanges.map(([first, last]) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join('')}]`, 'gu');
const tagCharacters = /\udb40[\udc00-\udc7f]/g;
const beyondAscii = /[^\x00-\x7f]/; // eslint-disable-line no-control-regex

/** Letters of other scripts that look like Latin ones; the ones a reader confuses, not every Unicode confusable. */
const lookalikes = new Map<string, string>(
  [...'аaеeоoрpсcхxуyіiјjѕsԁdһhкkмmтtвbнhАAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅSαaοoρpνvτtιiκkΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX'.matchAll(/../gu)].map(([pair]) => [[...pair][0] ?? '', [...pair][1] ?? '']),
);

export function plainText(text: string): string {
  if (!beyondAscii.test(text)) return text;
  const visible = text.replace(tagCharacters, (pair) => String.fromCharCode((pair.charCodeAt(1) & 0x7f))).replace(invisible, '').normalize('NFKC');
  return beyondAscii.test(visible) ? withoutLookalikes(visible) : visible;
}

/** Only in words that mix scripts: a Russian or Greek word is left alone. */
function withoutLookalikes(text: string): string {
  return text.replace(/[\p{L}]+/gu, (word) => {
    if (!beyondAscii.test(word) || !/[A-Za-z]/.test(word)) return word;
    let plain = '';
    for (const letter of word) plain += lookalikes.get(letter) ?? letter;
    return plain;
  });
}
