/**
 * TOML, with the positions of the parser's own syntax tree. Tables, dotted keys and inline tables become one tree.
 * TN1. A position whose text is not what the parser says stands there refuses the file: a splice at a wrong place would be damage.
 */
import { TomlDocument } from '@decimalturn/toml-patch';
import type { ListNode, MapNode, Member, Notation, Parsed, Span, TextNode } from './text-tree.js';

export const tomlNotation: Notation = { parse: parseToml, quote: (value) => JSON.stringify(value).replaceAll('\u007f', '\\u007f'), key: (name) => name };

function parseToml(text: string): Parsed {
  try {
    // The parser does not count a byte order mark.
    const shift = text.startsWith('\uFEFF') ? 1 : 0;
    const document = new TomlDocument(text.slice(shift));
    // The tree's types are not exported by the parser; what is read of it is checked against the text (TN1).
    const blocks = [...(document.cst as unknown as Iterable<Syntax>)];
    return { ok: true, root: new TomlTree(text, shift).rootOf(blocks), value: document.toJsObject as unknown };
  } catch (error) {
    return { ok: false, problem: (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? 'it cannot be read' };
  }
}

interface Position {
  readonly line: number;
  readonly column: number;
}

interface Syntax {
  readonly type: string;
  readonly loc: { readonly start: Position; readonly end: Position };
  readonly raw?: string;
  readonly key?: Syntax;
  readonly item?: Syntax;
  readonly items?: readonly Syntax[];
  readonly value?: unknown;
}

interface OpenMap {
  readonly kind: 'map';
  readonly members: Member[];
}

class TomlTree {
  readonly #text: string;
  readonly #lines: readonly number[];

  constructor(text: string, shift: number) {
    this.#text = text;
    const lines = [shift];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.push(at + 1);
    this.#lines = lines;
  }

  rootOf(blocks: readonly Syntax[]): MapNode {
    const root: OpenMap = { kind: 'map', members: [] };
    for (const block of blocks) {
      if (block.type === 'KeyValue') this.#add(root, block, 'line');
      if (block.type === 'Table') this.#addTable(root, block);
    }
    return root;
  }

  #addTable(root: OpenMap, table: Syntax): void {
    const key = table.key?.item;
    if (key === undefined) return;
    const target = mapAt(root, keyPath(key), this.#span(key));
    for (const item of table.items ?? []) if (item.type === 'KeyValue') this.#add(target, item, 'line');
  }

  #add(map: OpenMap, pair: Syntax, layout: Member['layout']): void {
    if (pair.key === undefined) return;
    const path = keyPath(pair.key);
    const keySpan = this.#span(pair.key);
    const target = mapAt(map, path.slice(0, -1), keySpan);
    target.members.push({ key: path.at(-1) ?? '', keySpan, layout, node: this.#node(pair.value as Syntax) });
  }

  #node(syntax: Syntax): TextNode {
    if (syntax.type === 'InlineTable') {
      const map: OpenMap = { kind: 'map', members: [] };
      for (const { item } of syntax.items ?? []) if (item?.type === 'KeyValue') this.#add(map, item, 'inline');
      return map;
    }
    if (syntax.type === 'InlineArray') return this.#list(syntax);
    if (syntax.type === 'String' || syntax.type === 'Boolean' || syntax.type === 'Integer' || syntax.type === 'Float') return { kind: 'scalar', span: this.#span(syntax), value: syntax.value };
    return { kind: 'opaque' };
  }

  #list(syntax: Syntax): ListNode {
    const items = (syntax.items ?? []).flatMap(({ item }) => (item === undefined || item.type === 'Comment' ? [] : [this.#node(item)]));
    return { kind: 'list', span: this.#span(syntax), items, layout: 'flow' };
  }

  #span({ loc, raw, type }: Syntax): Span {
    const span = { start: this.#offset(loc.start), end: this.#offset(loc.end) };
    const written = this.#text.slice(span.start, span.end);
    if (raw !== undefined && type !== 'Float' && type !== 'Integer' && written !== raw) throw new Error(`the text at line ${loc.start.line} is not what the TOML parser says stands there`);
    if (type === 'InlineArray' && !/^\[[^]*\]$/.test(written)) throw new Error(`the array at line ${loc.start.line} is not where the TOML parser says it stands`);
    return span;
  }

  #offset({ line, column }: Position): number {
    return (this.#lines[line - 1] ?? 0) + column;
  }
}

function keyPath(key: Syntax): readonly string[] {
  return Array.isArray(key.value) ? key.value.map(String) : [];
}

function mapAt(root: OpenMap, path: readonly string[], keySpan: Span): OpenMap {
  let map = root;
  for (const key of path) {
    const known = map.members.find((member) => member.key === key)?.node;
    if (known !== undefined && known.kind !== 'map') throw new Error(`"${key}" is a value and a table`);
    const next: OpenMap = known === undefined ? { kind: 'map', members: [] } : (known as OpenMap);
    if (known === undefined) map.members.push({ key, keySpan, layout: 'line', node: next });
    map = next;
  }
  return map;
}
