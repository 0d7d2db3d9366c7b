/** Finds the entries of MCP servers in a parsed file and says what each one is. */
import { doubledKey, memberOf, type ListNode, type MapNode, type Member, type Parsed, type ScalarNode, type Span } from './text-tree.js';

/** Where an entry's command is written: as one list (`["npx", "-y"]`), or as a text with a list of arguments beside it. */
export type CommandPlace =
  | { readonly kind: 'list'; readonly list: ListNode }
  | { readonly kind: 'text'; readonly member: Member; readonly scalar: ScalarNode; readonly argsKey: string; readonly args?: { readonly member: Member; readonly list: ListNode } };

export interface ServerEntry {
  readonly name: string;
  /** Keys from the file's root to the entry. */
  readonly path: readonly string[];
  readonly value: unknown;
  readonly is:
    | { readonly kind: 'stdio'; readonly words: readonly string[]; readonly place: CommandPlace }
    | { readonly kind: 'remote'; readonly url: string; readonly urlSpan: Span; readonly signIn: string | undefined; readonly urlMember: string }
    | { readonly kind: 'other'; readonly why: string };
}

const urlMembers = ['url', 'serverUrl', 'httpUrl', 'uri'];
const signInMembers = ['oauth', 'auth', 'authorization'];

/** @param places keys from the root to the maps that hold entries; `*` is any member. @returns a sentence when the file says a thing twice. */
export function serverEntries(parsed: Extract<Parsed, { ok: true }>, places: readonly (readonly string[])[]): readonly ServerEntry[] | string {
  const holders = places.flatMap((place) => expand(parsed.root, place, []));
  const doubled = [{ node: parsed.root }, ...holders].map(({ node }) => doubledKey(node)).find((key) => key !== undefined);
  if (doubled !== undefined) return `"${doubled}" stands there twice, and which one counts is not certain`;
  return holders.flatMap(({ node, path }) => node.members.map((member) => entryOf(member, [...path, member.key], parsed.value)));
}

interface Holder {
  readonly node: MapNode;
  readonly path: readonly string[];
}

function expand(node: MapNode, [key, ...rest]: readonly string[], path: readonly string[]): readonly Holder[] {
  if (key === undefined) return [{ node, path }];
  return node.members
    .filter((member) => key === '*' || member.key === key)
    .flatMap((member) => (member.node.kind === 'map' ? expand(member.node, rest, [...path, member.key]) : []));
}

function entryOf({ key, node }: Member, path: readonly string[], root: unknown): ServerEntry {
  const value = valueAt(root, path);
  return { name: key, path, value, is: node.kind === 'map' ? kindOf(node) : { kind: 'other', why: 'it is not a table of settings' } };
}

function kindOf(node: MapNode): ServerEntry['is'] {
  const doubled = doubledKey(node);
  if (doubled !== undefined) return { kind: 'other', why: `it says "${doubled}" twice, and which one counts is not certain` };
  const command = memberOf(node, 'command') ?? memberOf(node, 'cmd');
  const remote = urlMembers.map((name) => memberOf(node, name)).find((member) => member !== undefined);
  if (command !== undefined && remote !== undefined) return { kind: 'other', why: 'it has a command and a URL, and which one the client takes is not certain' };
  if (command !== undefined) return commandOf(node, command);
  if (remote?.node.kind !== 'scalar' || typeof remote.node.value !== 'string') return { kind: 'other', why: 'it has neither a command nor a URL: it runs inside the client or is set up elsewhere' };
  return { kind: 'remote', url: remote.node.value, urlSpan: remote.node.span, urlMember: remote.key, signIn: signInMembers.find((name) => memberOf(node, name) !== undefined) };
}

function commandOf(node: MapNode, command: Member): ServerEntry['is'] {
  if (command.node.kind === 'list') {
    const words = wordsOf(command.node);
    return words === undefined || words.length === 0 ? { kind: 'other', why: 'its command is no list of words' } : { kind: 'stdio', words, place: { kind: 'list', list: command.node } };
  }
  if (command.node.kind !== 'scalar' || typeof command.node.value !== 'string' || command.node.value === '') return { kind: 'other', why: 'its command is not written as a text' };
  const program = command.node.value;
  const args = memberOf(node, 'args');
  const text = { kind: 'text' as const, member: command, scalar: command.node, argsKey: 'args' };
  if (args === undefined) {
    if (/^[^\s/\\]+\s/.test(program)) return { kind: 'other', why: 'its command holds spaces and no arguments: write the arguments into `args`, then wrap it' };
    return { kind: 'stdio', words: [program], place: text };
  }
  const words = args.node.kind === 'list' ? wordsOf(args.node) : undefined;
  if (words === undefined || args.node.kind !== 'list') return { kind: 'other', why: 'its arguments are no list of words' };
  return { kind: 'stdio', words: [program, ...words], place: { ...text, args: { member: args, list: args.node } } };
}

/** Numbers and truth values count as the words they are written as: they stay as they stand. */
function wordsOf(list: ListNode): readonly string[] | undefined {
  const words = list.items.map((item) => (item.kind === 'scalar' && item.value !== null ? String(item.value) : undefined));
  return words.every((word) => word !== undefined) ? words : undefined;
}

export function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined), root);
}
