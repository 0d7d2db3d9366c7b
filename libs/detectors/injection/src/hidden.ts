/**
 * Text that a person looking at the data would not see, but a model reads.
 * HD1. `certain` findings need no judgement: no honest data carries them. The rest are regions whose content is scored like any other.
 * HD2. Linear: each search resumes where the last one ended.
 * Not hidden: emoji joiners, flags of regions, a byte order mark, isolates around right-to-left names.
 */
export interface HiddenRegion {
  readonly kind: 'tag-characters' | 'zero-width' | 'variation-selectors' | 'bidi-override' | 'concealed' | 'comment' | 'hidden-style';
  readonly start: number;
  readonly end: number;
  /** What is hidden, as text; empty when it is not letters. */
  readonly text: string;
  readonly certain: boolean;
}

const regionsMax = 32;
const special = /[\u200b-\u200d]|[\u2060-\u2064]|\ufeff|\u202d|\u202e|[\ufe00-\ufe0f]|\udb40/;
const certainRuns: { kind: HiddenRegion['kind']; pattern: RegExp }[] = [
  { kind: 'tag-characters', pattern: /(?:\udb40[\udc00-\udc7f]){4,}/g },
  { kind: 'variation-selectors', pattern: /(?:\udb40[\udd00-\uddef]|[\ufe00-\ufe0f]){6,}/g },
  { kind: 'zero-width', pattern: /[\u200b-\u200d\u2060-\u2064\ufeff]{8,}/g },
  { kind: 'bidi-override', pattern: /[\u202d\u202e][^\n\u202c]{0,2000}/g },
];
const splitWord = /[A-Za-z][\u200b-\u200d\u2060-\u2064\ufeff]+(?=[A-Za-z])/g;
/** One soft break in a long word is typography; this many letters pulled apart is not. */
const splitsMin = 4;
const splitsMax = 1_000;

export function hiddenIn(text: string): readonly HiddenRegion[] {
  const regions: HiddenRegion[] = [];
  if (special.test(text)) {
    for (const run of certainRuns) collectRuns(regions, text, run);
    const split = splitLetters(text);
    if (split !== undefined) regions.push(split);
  }
  if (text.includes('\u001b')) collectConcealed(regions, text);
  if (text.includes('<')) collectMarkup(regions, text);
  if (text.includes(']:')) collectMarkdown(regions, text);
  return regions.slice(0, regionsMax);
}

/** Letters pulled apart, from the first split to the last of at most `splitsMax`. */
function splitLetters(text: string): HiddenRegion | undefined {
  let start = -1;
  let end = 0;
  let found = 0;
  for (const match of text.matchAll(splitWord)) {
    if (start < 0) start = match.index;
    end = match.index + match[0].length;
    found += 1;
    if (found === splitsMax) break;
  }
  return found >= splitsMin ? { kind: 'zero-width', start, end, text: '', certain: true } : undefined;
}

function collectRuns(regions: HiddenRegion[], text: string, { kind, pattern }: { kind: HiddenRegion['kind']; pattern: RegExp }): void {
  for (const match of text.matchAll(pattern)) {
    if (regions.length >= regionsMax) return;
    const { index: start } = match;
    // A flag of a region is a black flag followed by its code in tag characters.
    if (kind === 'tag-characters' && text.startsWith('\u{1F3F4}', start - 2)) continue;
    const hidden = kind === 'tag-characters' ? match[0].replace(/\udb40([\udc00-\udc7f])/g, (_, low: string) => String.fromCharCode(low.charCodeAt(0) & 0x7f)) : '';
    regions.push({ kind, start, end: start + match[0].length, text: hidden, certain: true });
  }
}

/** A terminal told to conceal shows nothing until it is told otherwise; what is concealed is still read by a model. */
const concealed = /\u001b\[(?:\d{1,3};){0,4}8m([^\u001b]{1,2000})/g; // eslint-disable-line no-control-regex

function collectConcealed(regions: HiddenRegion[], text: string): void {
  for (const match of text.matchAll(concealed)) {
    const hidden = match[1] ?? '';
    if (regions.length >= regionsMax) return;
    if (hidden.trim() !== '') regions.push({ kind: 'concealed', start: match.index, end: match.index + match[0].length, text: hidden, certain: true });
  }
}

/** A link definition that no link uses is Markdown's comment: `[//]: # (…)`, `[note]: <> "…"`. */
const markdownComment = /^[ ]{0,3}\[[^\]\n]{1,40}\]:[ ]{0,4}(?:#|<>)[ ]{0,4}[("']([^\n]{1,2000})[)"']/gm;

function collectMarkdown(regions: HiddenRegion[], text: string): void {
  for (const match of text.matchAll(markdownComment)) {
    if (regions.length >= regionsMax) return;
    regions.push({ kind: 'comment', start: match.index, end: match.index + match[0].length, text: match[1] ?? '', certain: false });
  }
}

function collectMarkup(regions: HiddenRegion[], text: string): void {
  for (let at = text.indexOf('<!--'); at >= 0 && regions.length < regionsMax; at = text.indexOf('<!--', at)) {
    const close = text.indexOf('-->', at + 4);
    const end = close < 0 ? text.length : close + 3;
    regions.push({ kind: 'comment', start: at, end, text: text.slice(at + 4, close < 0 ? end : close), certain: false });
    at = end;
  }
  collectStyled(regions, text);
}

const hidingStyle = /display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden|font-size\s{0,4}:\s{0,4}0(?![.\d]*[1-9])|opacity\s{0,4}:\s{0,4}0(?![.\d]*[1-9])|text-indent\s{0,4}:\s{0,4}-\d{3}/i;
const tagCharactersMax = 1_000;

/** The text right after an opening tag whose style hides it, up to the next closing tag. */
function collectStyled(regions: HiddenRegion[], text: string): void {
  let close = -1;
  for (let at = text.indexOf('<'); at >= 0 && regions.length < regionsMax; ) {
    const next = text.indexOf('<', at + 1);
    if (close < at) close = text.indexOf('>', at);
    if (close < 0) return;
    const insideOneTag = (next < 0 || close < next) && close - at <= tagCharactersMax;
    if (insideOneTag && hides(text.slice(at, close))) {
      const end = next < 0 ? text.length : next;
      regions.push({ kind: 'hidden-style', start: close + 1, end, text: text.slice(close + 1, end), certain: false });
    }
    at = next;
  }
}

function hides(tag: string): boolean {
  return (tag.includes('style') && hidingStyle.test(tag)) || /\s(?:hidden|aria-hidden=["']true["'])(?=[\s/]|$)/i.test(tag);
}
