/**
 * A configuration file as a tree that knows where each value stands in the text, the same for JSON, TOML and YAML.
 * TT1. Spans are UTF-16 offsets, end exclusive, and the text between them is the value as written.
 * TT2. Nothing is ever printed from the tree: edits are splices of the original text.
 */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface MapNode {
  readonly kind: 'map';
  readonly members: readonly Member[];
}

export interface ListNode {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: readonly TextNode[];
  /** block: one item a line behind a dash (YAML); flow: between brackets. */
  readonly layout: 'block' | 'flow';
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly span: Span;
  readonly value: unknown;
}

/** Something with a value that cannot be edited in place (an alias, a date). */
export interface OpaqueNode {
  readonly kind: 'opaque';
}

export type TextNode = MapNode | ListNode | ScalarNode | OpaqueNode;

export interface Member {
  readonly key: string;
  /** The key as written, with what stands in front of it in a dotted key. */
  readonly keySpan: Span;
  /** line: members are lines; inline: members are separated by commas. */
  readonly layout: 'line' | 'inline';
  readonly node: TextNode;
}

export type Parsed =
  | { readonly ok: true; readonly root: MapNode; /** The same as plain values. */ readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

/** One way of writing a configuration down. */
export interface Notation {
  parse(text: string): Parsed;
  /** A text as a value of this notation, on one line. */
  quote(value: string): string;
  /** A bare key of letters as written here. */
  key(name: string): string;
}

export interface Splice extends Span {
  readonly text: string;
}

/** @param splices must not overlap. */
export function spliced(text: string, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((a, b) => a.start - b.start || a.end - b.end);
  let out = '';
  let at = 0;
  for (const { start, end, text: fresh } of ordered) {
    if (start < at) throw new Error('two edits of one file overlap');
    out += text.slice(at, start) + fresh;
    at = end;
  }
  return out + text.slice(at);
}

export function memberOf(node: TextNode | undefined, key: string): Member | undefined {
  return node?.kind === 'map' ? node.members.find((member) => member.key === key) : undefined;
}

/** The first key that a map holds twice. Two readers may then disagree about what the file says. */
export function doubledKey(node: MapNode): string | undefined {
  const seen = new Set<string>();
  return node.members.find(({ key }) => seen.size === seen.add(key).size)?.key;
}

/** `line 3, column 7` of an offset, both from 1. */
export function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`;
}
