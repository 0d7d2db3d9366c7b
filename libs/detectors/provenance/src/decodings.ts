/** Other readings of a string that hides another: percent, base64, hex. Two levels deep, bounded, never throws. */
const decodedCharsMax = 65_536;
const stretchesMax = 8;

/** Decoded forms of `text` or of long encoded stretches in it; empty for plain text. */
export function decodings(text: string, depth = 2): string[] {
  if (depth === 0 || text.length > decodedCharsMax) return [];
  const found = [...percent(text), ...stretches(text)];
  return [...found, ...found.flatMap((form) => decodings(form, depth - 1))].slice(0, stretchesMax);
}

function percent(text: string): string[] {
  if (!/%[0-9a-fA-F]{2}/.test(text)) return [];
  const decoded = text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
  return decoded === text ? [] : [decoded];
}

function stretches(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)) {
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
