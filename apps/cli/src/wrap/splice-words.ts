/**
 * The splices that put words in front of a command, and those that take them away again.
 * SW1. What a list holds is never rewritten: new words are put in front of its first item, in the way its items already stand.
 * SW2. Taking away is the exact inverse of putting in, given the command as it was written.
 */
import type { CommandPlace } from './server-entries.js';
import type { ListNode, Notation, Span, Splice, TextNode } from './text-tree.js';

export interface Written {
  readonly text: string;
  readonly notation: Notation;
}

/** @param prefix the words to stand in front; the first becomes the program. */
export function wrapSplices({ text, notation }: Written, place: CommandPlace, prefix: readonly string[]): readonly Splice[] {
  if (place.kind === 'list') return [inFront({ text, notation }, place.list, prefix)];
  const { scalar, args } = place;
  const [program = '', ...words] = prefix;
  const command = { ...scalar.span, text: notation.quote(program) };
  const added = [...words, String(scalar.value)];
  if (args !== undefined) return [command, inFront({ text, notation }, args.list, added)];
  const list = `[${added.map((word) => notation.quote(word)).join(', ')}]`;
  return [{ ...command, text: command.text + argsLead({ text, notation }, place) + list }];
}

export interface Restored {
  /** The program as it was written; absent: written anew. */
  readonly commandText: string;
  /** Was there a list of arguments before? */
  readonly hadArgs: boolean;
  /** How many words stand in front of the server's own command. */
  readonly prefixWords: number;
}

export function unwrapSplices({ text, notation }: Written, place: CommandPlace, { commandText, hadArgs, prefixWords }: Restored): readonly Splice[] {
  if (place.kind === 'list') return [withoutFirst(place.list, prefixWords)];
  const { scalar, args } = place;
  if (args === undefined) throw new Error('a wrapped command has arguments');
  const command = { ...scalar.span, text: commandText };
  const between = text.slice(scalar.span.end, args.list.span.start);
  const isOursAlone = args.list.items.length === prefixWords && between === argsLead({ text, notation }, place);
  if (!hadArgs && isOursAlone) return [{ start: scalar.span.start, end: args.list.span.end, text: commandText }];
  return [command, withoutFirst(args.list, prefixWords)];
}

function inFront({ text, notation }: Written, list: ListNode, words: readonly string[]): Splice {
  const quoted = words.map((word) => notation.quote(word));
  const first = spanOf(list.items[0]);
  if (first === undefined) return { start: list.span.start + 1, end: list.span.start + 1, text: quoted.join(', ') };
  const between = separator(text, list, first);
  return { start: first.start, end: first.start, text: quoted.map((word) => word + between).join('') };
}

function withoutFirst(list: ListNode, count: number): Splice {
  const first = spanOf(list.items[0]);
  const next = spanOf(list.items[count]);
  const last = spanOf(list.items[count - 1]);
  if (first === undefined || last === undefined) throw new Error('a wrapped command has arguments');
  return { start: first.start, end: next?.start ?? last.end, text: '' };
}

/** What stands between two items of this list: the way from its bracket or dash to the first item, with a comma where one is due. */
function separator(text: string, list: ListNode, first: Span): string {
  const lineStart = text.lastIndexOf('\n', first.start - 1) + 1;
  const lead = text.slice(lineStart, first.start);
  if (list.layout === 'block') return `${endOfLine(text)}${lead.replace(/[^\s-]|-(?=.*-)/g, ' ')}`;
  const isOnOwnLine = lineStart > list.span.start && lead.trim() === '';
  return isOnOwnLine ? `,${endOfLine(text)}${lead}` : ', ';
}

/** What stands between a command and a list of arguments that is put behind it. */
function argsLead({ text, notation }: Written, { member: { keySpan, layout }, scalar, argsKey }: Extract<CommandPlace, { kind: 'text' }>): string {
  const key = text.slice(keySpan.start, keySpan.end).replace(/(["']?)[A-Za-z]+\1$/, notation.key(argsKey));
  const written = text.slice(keySpan.end, scalar.span.start);
  // A comment or a line break between key and value is not repeated.
  const assign = /^[ \t]*[:=][ \t]*$/.test(written) ? written : written.includes('=') ? ' = ' : ': ';
  const lineStart = text.lastIndexOf('\n', keySpan.start - 1) + 1;
  const lead = text.slice(lineStart, keySpan.start);
  const isOnOwnLine = lead.trim() === '';
  if (layout === 'line') return `${endOfLine(text)}${lead.replace(/\S/g, ' ')}${key}${assign}`;
  return `,${isOnOwnLine ? endOfLine(text) + lead : ' '}${key}${assign}`;
}

function endOfLine(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function spanOf(node: TextNode | undefined): Span | undefined {
  return node?.kind === 'scalar' ? node.span : undefined;
}
