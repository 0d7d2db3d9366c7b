/**
 * Other readings of a string that hides another: percent, base64, hex, printed escapes, letters in reverse. Two levels deep, bounded, never throws.
 * What is hidden in plain sight (invisible characters, references, look-alikes) is `unhide.ts`.
 */
import { unhidden } from './unhide.js';

const decodedCharsMax = 65_536;
const stretchesMax = 8;

/** Decoded forms of `text` or of long encoded stretches in it; empty for plain text. */
export function decodings(text: string, depth = 2): string[] {
  if (depth === 0 || text.length > decodedCharsMax) return [];
  const found = [...percent(text), ...escapes(text), ...stretches(text)];
  const seen = found.map((form) => unhidden(form)?.text ?? form);
  return [...seen, ...seen.flatMap((form) => decodings(form, depth - 1))].slice(0, stretchesMax);
}

/** The text from its end to its start: cheap to write, and no reader needs it. */
export function reversed(text: string): string {
  let out = '';
  for (const character of text.slice(0, decodedCharsMax)) out = character + out;
  return out;
}

function percent(text: string): string[] {
  if (!/%[0-9a-fA-F]{2}/.test(text)) return [];
  const decoded = text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
  return decoded === text ? [] : [decoded];
}

/** `\u0041`, `\x41`: as programs print what they do not want to show. */
function escapes(text: string): string[] {
  if (!/\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})/.test(text)) return [];
  return [text.replace(/\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})/g, (_run, wide: string | undefined, byte: string | undefined) => String.fromCharCode(Number.parseInt(wide ?? byte ?? '20', 16)))];
}

function stretches(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g)) {
    if (found.length >= stretchesMax) break;
    const [run] = match;
    const bytes = /^(?:[0-9a-fA-F]{2})+$/.test(run) ? Buffer.from(run, 'hex') : Buffer.from(run.replaceAll('-', '+').replaceAll('_', '/'), 'base64');
    const decoded = bytes.toString('utf8');
    if (readable(decoded)) found.push(decoded);
  }
  return found;
}

function readable(text: string): boolean {
  return text.length >= 8 && !text.includes('\uFFFD') && [...text].every((character) => character >= ' ' || character === '\n' || character === '\t' || character === '\r');
}
