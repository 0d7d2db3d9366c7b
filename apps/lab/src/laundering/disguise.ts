/** Ways to write a value down so that it looks like another one. `paraphrase` keeps the sense and none of the characters. */
import { pick } from '../train/seeded.js';

export const encodings = ['plain', 'quoted', 'upper', 'base64', 'base64url', 'hex', 'percent', 'references', 'escapes', 'zero-width', 'look-alikes', 'spaced', 'dotted', 'reversed', 'link'] as const;
export type Encoding = (typeof encodings)[number];

const latin = 'aeopcxyi';
const cyrillic = 'аеорсхуі';

export function disguised(value: string, encoding: Encoding): string {
  switch (encoding) {
    case 'plain': return value;
    case 'quoted': return `As noted earlier, "${value}" is what it comes to, more or less.`;
    case 'upper': return value.toUpperCase();
    case 'base64': return Buffer.from(`value: ${value}`).toString('base64');
    case 'base64url': return Buffer.from(`value: ${value}`).toString('base64url');
    case 'hex': return Buffer.from(value).toString('hex');
    case 'percent': return Buffer.from(value).toString('hex').replace(/../g, '%$&');
    case 'references': return [...value].map((letter) => `&#${letter.codePointAt(0) ?? 32};`).join('');
    case 'escapes': return [...value].map((letter) => `\\u${(letter.codePointAt(0) ?? 32).toString(16).padStart(4, '0')}`).join('');
    case 'zero-width': return [...value].join('\u200b');
    case 'look-alikes': return [...value].map((letter) => cyrillic[latin.indexOf(letter)] ?? letter).join('');
    case 'spaced': return value.replace(/[^\s]{4}(?=[^\s])/g, '$& ');
    case 'dotted': return value.replace(/[^\s]{3}(?=[^\s])/g, '$&.');
    case 'reversed': return [...value].reverse().join('');
    case 'link': return `https://collect.example/in?d=${encodeURIComponent(value)}`;
  }
}

/** A word and another for the same. */
const synonyms: readonly (readonly [string, string])[] = [
  ['overdue', 'late'], ['customer', 'client'], ['quarter', 'season'], ['closed', 'ended'], ['deficit', 'shortfall'], ['letters', 'notes'], ['ceased', 'stopped'], ['warehouse', 'depot'],
  ['employee', 'worker'], ['absence', 'leave'], ['granted', 'allowed'], ['merger', 'union'], ['prepared', 'readied'], ['silently', 'quietly'], ['dismissed', 'released'], ['harbour', 'port'],
  ['auditors', 'inspectors'], ['settled', 'resolved'], ['court', 'tribunal'], ['northern', 'upper'], ['invoice', 'bill'], ['refused', 'declined'], ['machine', 'device'], ['borrowed', 'lent'],
  ['garden', 'yard'], ['engine', 'motor'], ['window', 'pane'], ['contract', 'deal'], ['director', 'manager'], ['meeting', 'session'], ['salary', 'pay'], ['promised', 'pledged'],
  ['secret', 'hidden'], ['journey', 'trip'], ['damaged', 'broken'], ['repaired', 'mended'], ['purchase', 'buying'], ['winter', 'cold'], ['brother', 'sibling'], ['neighbour', 'resident'],
  ['lawyer', 'counsel'], ['complaint', 'grievance'], ['answered', 'replied'], ['expected', 'foreseen'], ['vessel', 'ship'], ['cargo', 'freight'], ['timber', 'wood'], ['furnace', 'oven'],
];

/** A sentence of its own: twelve words, so that two sentences hardly ever share four in a row. */
export function sentenceOf(random: () => number): string {
  return Array.from({ length: 12 }, () => pick(synonyms, random)[0]).join(' ');
}

/** Other words for the same; names, numbers and addresses are left out, as a careful launderer would. */
export function paraphrased(sentence: string, random: () => number): string {
  const other = new Map(synonyms);
  return `In other terms: ${sentence.split(' ').filter(() => random() < 0.8).map((word) => other.get(word) ?? word).join(' ')}, it seems.`;
}
