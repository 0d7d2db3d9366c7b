/**
 * What one character means for the token it stands in. A table, because each character of a result is looked up once.
 */
export const mark = { lower: 1, upper: 2, digit: 4, dot: 8, slash: 16, at: 32, under: 64, dash: 128, colon: 256, other: 512 } as const;
export const letters = mark.lower | mark.upper;

/** By ASCII code; separators are 0. */
export const marks = new Uint16Array(128).fill(mark.other);
for (let code = 0; code <= 32; code += 1) marks[code] = 0;
for (const character of '"\'`()[]{}<>,;|*#=!?') marks[character.charCodeAt(0)] = 0;
for (let code = 97; code <= 122; code += 1) marks[code] = mark.lower;
for (let code = 65; code <= 90; code += 1) marks[code] = mark.upper;
for (let code = 48; code <= 57; code += 1) marks[code] = mark.digit;
for (const [character, of] of [['.', mark.dot], ['/', mark.slash], ['@', mark.at], ['_', mark.under], ['-', mark.dash], [':', mark.colon]] as const) marks[character.charCodeAt(0)] = of;

/** By ASCII code: the mark, and above `smallShift` the same letter, small: one look gives both. */
export const smallShift = 10;
export const marksAndSmall = Int32Array.from({ length: 128 }, (_, code) => (marks[code] ?? 0) | ((code >= 65 && code <= 90 ? code + 32 : code) << smallShift));
export const markMask = (1 << smallShift) - 1;

/** By ASCII code: does it end a clause, so that the next word may open one? */
export const endsClause = new Uint8Array(128);
for (const character of ',;:([{.!?|*#=<>') endsClause[character.charCodeAt(0)] = 1;

/** As `marksAndSmall`, of a character beyond ASCII. */
export function wideMark(code: number): number {
  return (isWideSpace(code) ? 0 : mark.other) | (code << smallShift);
}

export function isTrailing(code: number): boolean {
  return code === 46 || code === 58 || code === 45 || code === 95 || code === 47 || code === 92;
}

function isWideSpace(code: number): boolean {
  return code === 0xa0 || code === 0x3000 || code === 0x2028 || code === 0x2029 || (code >= 0x2000 && code <= 0x200a);
}
