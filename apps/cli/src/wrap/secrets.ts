/**
 * What in an entry looks like a secret: told so that a person can move it, hidden wherever we print.
 * SC1. A reference to the environment (`${TOKEN}`, `${input:key}`, `$TOKEN`) is no secret.
 * SC2. What a stranger wrote never commands the terminal.
 */
const telling = /(token|secret|passw(or)?d|api[-_]?key|access[-_]?key|credential|authorization|bearer)/i;
const shaped = /^(sk-|ghp_|gho_|ghs_|github_pat_|glpat-|xox[abprs]-|AKIA|ya29\.|eyJ[\w-]{10,}\.|Bearer )/;
const reference = /^\$(\{.*\}|\w+)$/;
const shownMax = 4096;

/** @returns the words that look like secrets, without the flag in front. */
export function secretWords(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) => {
    const shown = word.slice(0, shownMax);
    const [flag, value] = splitFlag(shown);
    if (value !== undefined) return telling.test(flag) && isOwnSecret(value) ? [value] : secretOf(value);
    const before = words[at - 1];
    if (before !== undefined && before.startsWith('-') && !before.includes('=') && telling.test(before) && !shown.startsWith('-') && isOwnSecret(shown)) return [shown];
    return secretOf(shown);
  });
}

function splitFlag(word: string): readonly [string, string | undefined] {
  const match = /^(-{0,2}[A-Za-z][\w-]*)=(.+)$/s.exec(word);
  return match === null ? [word, undefined] : [match[1] ?? '', match[2]];
}

function secretOf(word: string): readonly string[] {
  if (shaped.test(word) && isOwnSecret(word)) return [word];
  if (!URL.canParse(word)) return [];
  const { password, searchParams } = new URL(word);
  return [...(password === '' ? [] : [decoded(password)]), ...[...searchParams].flatMap(([name, value]) => (telling.test(name) && isOwnSecret(value) ? [value] : []))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign: the text stands for itself.
    return text;
  }
}

const isOwnSecret = (value: string): boolean => value !== '' && !reference.test(value);

const secretMembers = ['env', 'envs', 'environment', 'headers', 'http_headers'];

/** Values of an entry that never belong on a screen: its environment and its headers. */
export function privateValues(entry: unknown): readonly string[] {
  if (typeof entry !== 'object' || entry === null) return [];
  return secretMembers.flatMap((name) => {
    const member = (entry as Readonly<Record<string, unknown>>)[name];
    if (typeof member !== 'object' || member === null) return [];
    return Object.values(member).filter((value): value is string => typeof value === 'string' && value.length >= 4 && !reference.test(value));
  });
}

/** @param secrets replaced wherever they stand, also as they would be written in JSON. */
export function hidden(text: string, secrets: readonly string[]): string {
  const forms = [...new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]))];
  return forms.sort((a, b) => b.length - a.length).reduce((out, form) => out.replaceAll(form, '•••'), text);
}

/** Control and direction characters of a stranger's file, made visible: a terminal would obey them. Tabs and line feeds stay. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => (character === '\t' || character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
