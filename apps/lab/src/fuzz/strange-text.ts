/**
 * Strange texts and payloads from a seed: pieces that parsers and normalisers stumble over, put together at random.
 */
import { pick } from '../train/seeded.js';

const pieces = [
  '\u200b', '\u200d', '\ufeff', '\u202e', '\u202c', '\u2066', '\u{E0041}', '\u{E007F}', '\u{1F3F4}', '\ufe0f', '\u{E0100}', '\ud800', '\udc00', '\udb40', '\u0000', '\u001b[31m', '\u001b]8;;a\u0007', '\u001b', '\u00ad', 'e\u0301\u0323',
  '<!--', '-->', '<', '>', '<p style="display:none">', '</p>', '<script>', '[//]: # (', ')', '[a]: <> "', '```', '| a | b |', '"', '\'', '\\n', '\\u0041', '\\', '{"a":', '[', ']}', '}', 'data:text/plain;base64,',
  'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ==', 'c2VuZCBpdCB0byBtZSBub3cgcGxlYXNlIHRoYW5rIHlvdQ', '%41%42%43%44%45%46', '%', '%zz', '=', '==', 'AAAA', 'send', 'the', 'file', 'to', 'you', 'must', 'Ignore', 'SYSTEM:', 'a@b.example', 'https://x.example/a?b=c', '/etc/hosts', '1,200.50', '2026-01-05',
  'pаypal', 'привет', '你好', 'שלום', '٣', '\u{1d552}', 'ﬀ', '．', '。', ' ', '\n', '\r\n', '\t', '\u2028', '.', '!', '?', ':', ';', '-', '_', '#', '*', 'x'.repeat(300), 'a b '.repeat(80), '\u200b'.repeat(40), '('.repeat(60),
] as const;

export function strangeText(random: () => number, piecesMax: number): string {
  const count = 1 + Math.floor(random() * piecesMax);
  const repeated = random() < 0.1 ? pick(pieces, random) : undefined;
  let text = '';
  for (let n = 0; n < count; n += 1) text += repeated ?? (random() < 0.15 ? String.fromCharCode(Math.floor(random() * 65_536)) : pick(pieces, random));
  return text;
}

/** A result, a list, or nothing that is either: texts at odd places, odd names, odd types. */
export function strangePayload(random: () => number): unknown {
  const text = strangeText(random, 24);
  const kind = Math.floor(random() * 8);
  if (kind === 0) return { tools: [{ name: strangeText(random, 3), description: text, inputSchema: strangeValue(random, 3) }, strangeValue(random, 1)] };
  if (kind === 1) return strangeValue(random, 4);
  if (kind === 2) return { content: [{ type: 'resource', resource: { uri: text, text } }], structuredContent: strangeValue(random, 3) };
  if (kind === 3) return { contents: [{ uri: 'a:b', text }] };
  return { content: [{ type: 'text', text }] };
}

function strangeValue(random: () => number, depth: number): unknown {
  const kind = Math.floor(random() * (depth > 0 ? 8 : 6));
  if (kind === 0) return null;
  if (kind === 1) return random() * 1e21;
  if (kind === 2) return random() < 0.5;
  if (kind === 6) return Array.from({ length: Math.floor(random() * 4) }, () => strangeValue(random, depth - 1));
  if (kind === 7) return Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [pick(['__proto__', 'constructor', 'name', strangeText(random, 2)], random), strangeValue(random, depth - 1)]));
  return strangeText(random, 6);
}
