/** YAML 1.2, one document. Aliases and merged keys are left alone: what they stand for is written elsewhere. */
import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml';
import type { MapNode, Member, Notation, Parsed, Span, TextNode } from './text-tree.js';

export const yamlNotation: Notation = { parse: parseYaml, quote: (value) => JSON.stringify(value), key: (name) => name };

/** Aliases may stand for aliases; this many in all are opened when plain values are made. */
const aliasesMax = 100;

function parseYaml(text: string): Parsed {
  try {
    const document = parseDocument(text);
    const [first] = document.errors;
    if (first !== undefined) return { ok: false, problem: first.message.split('\n', 1)[0] ?? first.code };
    if (!isMap(document.contents)) return { ok: false, problem: 'it holds no mapping' };
    return { ok: true, root: mapOf(document.contents, text), value: document.toJS({ maxAliasCount: aliasesMax }) as unknown };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function nodeOf(node: unknown, text: string): TextNode {
  if (isMap(node)) return mapOf(node, text);
  const span = isSeq(node) || isScalar(node) ? spanOf(node.range) : undefined;
  if (span === undefined) return { kind: 'opaque' };
  if (isSeq(node)) return { kind: 'list', span, items: node.items.map((item) => nodeOf(item, text)), layout: node.flow === true ? 'flow' : 'block' };
  // An empty value has no place to be edited at, a tagged or anchored one carries more than its value.
  if (isScalar(node) && node.tag === undefined && node.anchor === undefined && span.end > span.start) return { kind: 'scalar', span, value: node.value };
  return { kind: 'opaque' };
}

function mapOf(map: YAMLMap<unknown, unknown>, text: string): MapNode {
  const members = map.items.flatMap((pair): Member[] => {
    if (!isScalar(pair.key)) return [];
    const keySpan = spanOf(pair.key.range);
    if (keySpan === undefined) return [];
    return [{ key: String(pair.key.value), keySpan, layout: map.flow === true ? 'inline' : 'line', node: nodeOf(pair.value, text) }];
  });
  return { kind: 'map', members };
}

function spanOf(range: readonly [number, number, number] | null | undefined): Span | undefined {
  return range ? { start: range[0], end: range[1] } : undefined;
}
