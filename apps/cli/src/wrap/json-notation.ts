/** JSON with what editors allow in their own files: comments and trailing commas. A byte order mark stays where it is. */
import { parse, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { placeOf, type MapNode, type Member, type Notation, type Parsed, type TextNode } from './text-tree.js';

export const jsonNotation: Notation = { parse: parseJson, quote: (value) => JSON.stringify(value), key: (name) => `"${name}"` };

const options = { allowTrailingComma: true, disallowComments: false };

function parseJson(text: string): Parsed {
  // A blank of the same length keeps every offset true.
  const readable = text.replace(/^\uFEFF/, ' ');
  const errors: ParseError[] = [];
  const root = parseTree(readable, errors, options);
  const [first] = errors;
  if (first !== undefined) return { ok: false, problem: `${printParseErrorCode(first.error)} at ${placeOf(text, first.offset)}` };
  if (root?.type !== 'object') return { ok: false, problem: 'it holds no JSON object' };
  return { ok: true, root: mapOf(root), value: parse(readable, [], options) as unknown };
}

function nodeOf(node: Node): TextNode {
  const span = { start: node.offset, end: node.offset + node.length };
  if (node.type === 'object') return mapOf(node);
  if (node.type === 'array') return { kind: 'list', span, items: (node.children ?? []).map(nodeOf), layout: 'flow' };
  return { kind: 'scalar', span, value: node.value as unknown };
}

function mapOf(node: Node): MapNode {
  const members = (node.children ?? []).flatMap((property): Member[] => {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) return [];
    return [{ key: String(key.value), keySpan: { start: key.offset, end: key.offset + key.length }, layout: 'inline', node: nodeOf(value) }];
  });
  return { kind: 'map', members };
}
