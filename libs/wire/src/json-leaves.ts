/** Every string of a JSON value, with where it lies and how it is reached. */
import { elementsOf, membersOf, stringAt, type Span } from './json-spans.js';

export type JsonPath = readonly (string | number)[];

export interface StringLeaf {
  readonly path: JsonPath;
  /** The literal, quotes included. */
  readonly span: Span;
  readonly text: string;
}

/** In the order of the bytes; no recursion. Of repeated keys every one is visited. */
export function stringLeavesOf(bytes: Uint8Array, root: Span): StringLeaf[] {
  const leaves: StringLeaf[] = [];
  const todo: { readonly path: JsonPath; readonly span: Span }[] = [{ path: [], span: root }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { path, span } = next;
    const first = bytes[span.start];
    if (first === 34) leaves.push({ path, span, text: stringAt(bytes, span) });
    else if (first === 123) todo.push(...membersOf(bytes, span.start).map(({ key, value }) => ({ path: [...path, key], span: value })).reverse());
    else if (first === 91) todo.push(...elementsOf(bytes, span.start).map((element, index) => ({ path: [...path, index], span: element })).reverse());
  }
  return leaves;
}

/** Reads `$.content[0].text` and `$["odd key"][1]`; undefined when it is no such path. */
export function readJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  let rest = text.slice(1);
  while (rest !== '') {
    const step = /^(?:\.([^.[\]]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]|\['([^']*)'\])/.exec(rest);
    if (step === null) return undefined;
    const [whole, name, index, quoted, single] = step;
    if (index !== undefined) steps.push(Number(index));
    else if (quoted !== undefined) steps.push(unquoted(quoted));
    else steps.push(name ?? single ?? '');
    rest = rest.slice(whole.length);
  }
  return steps;
}

function unquoted(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal.slice(1, -1);
  }
}
