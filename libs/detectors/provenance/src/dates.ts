/**
 * Days and times of day, however they are written: what a person says as "the 3rd to the 9th of June" a tool is given as `2026-06-03`.
 * DA1. A day's key is month and day (`@06-03`); the year is often left out in prose, so it is no part of the key.
 * DA2. Linear: each month's name is looked at once, with at most `aroundCharsMax` characters on either side.
 * DA3. Slashed or dotted numbers (`05/10/2026`) are not read as days: which one is the month is a guess.
 * English month names only.
 */

const aroundCharsMax = 48;
const monthName = /(?<![a-z0-9])(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])/g;
/** The same without memory of where it last stood. */
const aMonthName = new RegExp(monthName.source);
const monthStarts = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const day = String.raw`(\d{1,2})(?:st|nd|rd|th)?`;
const joiner = String.raw`\s*(?:-|–|to|and|until|till|through)\s*(?:the\s)?`;
/** "May 1st", "May 1st to 5th", "May 1-5"; a number that goes on (`2026`, `10:00`) is no day. */
const after = new RegExp(String.raw`^\.?\s(?:the\s)?${day}(?![\d:])(?:${joiner}${day}(?![\d:a-z]))?`);
/** "the 1st of May", "1 May", "the 3rd to the 9th of June". */
const before = new RegExp(String.raw`(?:(?<!\d)${day}${joiner})?(?<![\d:])${day}\s(?:of\s)?$`);
const isoDay = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[t ](\d{1,2}:\d{2})\S*)?$/;
const clock = /^(\d{1,2})(?::(\d{2})(?::\d{2})?)?(am|pm)?$/;

export interface NamedDay {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** Does a word of the text begin with a month's name? `lower` is folded text. */
export function namesMonth(lower: string): boolean {
  return aMonthName.test(lower);
}

/** Days named in prose, in order of place. `lower` is folded text. */
export function datesIn(lower: string): NamedDay[] {
  if (!/\d/.test(lower)) return [];
  const found: NamedDay[] = [];
  for (const match of lower.matchAll(monthName)) {
    const month = monthStarts.indexOf(match[0].slice(0, 3)) + 1;
    const end = match.index + match[0].length;
    const ahead = after.exec(lower.slice(end, end + aroundCharsMax));
    const from = Math.max(0, match.index - aroundCharsMax);
    const behind = ahead === null ? before.exec(lower.slice(from, match.index)) : null;
    const span = ahead === null ? { start: from + (behind?.index ?? 0), end } : { start: match.index, end: end + ahead[0].length };
    for (const number of [ahead?.[1], ahead?.[2], behind?.[1], behind?.[2]]) {
      const key = dayKey(month, Number(number ?? 0));
      if (key !== undefined) found.push({ key, ...span });
    }
  }
  return found;
}

/** Keys of a token that is a date, a time of day, or both; undefined when it is neither. `text` is folded. */
export function dateKeys(text: string): readonly string[] | undefined {
  const first = text.charCodeAt(0);
  if (first < 48 || first > 57) return undefined;
  const written = isoDay.exec(text);
  if (written !== null) {
    const key = dayKey(Number(written[2]), Number(written[3]));
    if (key === undefined) return undefined;
    return written[4] === undefined ? [key] : [key, ...(clockKeys(written[4]) ?? [])];
  }
  return clockKeys(text);
}

export function isDateKey(key: string): boolean {
  return /^@\d{2}[-:]\d{2}$/.test(key);
}

function clockKeys(text: string): readonly string[] | undefined {
  const match = clock.exec(text);
  if (match === null || (match[2] === undefined && match[3] === undefined)) return undefined;
  const half = match[3];
  const hour = Number(match[1]) % (half === undefined ? 24 : 12) + (half === 'pm' ? 12 : 0);
  return [`@${String(hour).padStart(2, '0')}:${match[2] ?? '00'}`];
}

function dayKey(month: number, number: number): string | undefined {
  if (month < 1 || month > 12 || number < 1 || number > 31) return undefined;
  return `@${String(month).padStart(2, '0')}-${String(number).padStart(2, '0')}`;
}
