/**
 * Cuts spans out of a tool result, by splicing its bytes.
 * RD1. Only string literals change; everything else keeps its bytes.
 * RD2. `content`, embedded resources and `structuredContent` change together: text that is cut in one place is cut wherever it stands in the result.
 * RD3. A changed string of `structuredContent` must be one its output schema lets be any string; if that cannot be said, the redaction fails.
 * RD4. A redaction that names no string, or a span outside it, fails. Whoever asked must then withhold the whole result.
 */
import { readJsonPath, stringLeavesOf, type JsonPath, type StringLeaf } from './json-leaves.js';
import { lastMember, membersOf } from './json-spans.js';
import { splice, type Edit } from './splice.js';

/** Shaped like contracts' `Redaction`: half-open span in UTF-16 units of the string at `path` within the result. */
export interface TextRedaction {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

export type Redacted = { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly reason: string };

/** Shorter cuts are not searched for elsewhere: they would hit by chance. */
const echoedCharactersMin = 4;

export interface RedactedPart {
  /** Of the called tool: no `schema` when it has none, not `known` when its definition was never seen. */
  readonly outputSchema: { readonly known: boolean; readonly schema?: unknown };
  /** Which member of the message the paths start from; of a request of the server's, its params. */
  readonly of?: 'result' | 'params';
}

/** @returns the same message with the spans replaced, or why that cannot be. */
export function redactResult(message: Uint8Array, redactions: readonly TextRedaction[], { outputSchema, of = 'result' }: RedactedPart): Redacted {
  const result = lastMember(membersOf(message), of);
  if (result === undefined) return { ok: false, reason: `the message holds no ${of}` };
  const leaves = stringLeavesOf(message, result);
  const wanted = matchRedactions(leaves, redactions);
  if (typeof wanted === 'string') return { ok: false, reason: wanted };
  const echoes = echoesOf(wanted);
  const edits: Edit[] = [];
  for (const leaf of leaves) {
    const text = withoutEchoes(cutText(leaf.text, wanted.get(leaf) ?? []), echoes);
    if (text === leaf.text) continue;
    const structured = structuredPath(leaf.path);
    if (structured !== undefined && !mayBeAnyString(outputSchema, structured)) {
      return { ok: false, reason: 'its structured content would no longer be valid' };
    }
    edits.push({ ...leaf.span, replacement: Buffer.from(JSON.stringify(text)) });
  }
  return { ok: true, bytes: splice(message, edits) };
}

/** The path within the structured content; also of a result that lies within a task's state. */
function structuredPath(path: JsonPath): JsonPath | undefined {
  const inner = path[0] === 'result' ? path.slice(1) : path;
  return inner[0] === 'structuredContent' ? inner.slice(1) : undefined;
}

function matchRedactions(leaves: readonly StringLeaf[], redactions: readonly TextRedaction[]): Map<StringLeaf, TextRedaction[]> | string {
  const wanted = new Map<StringLeaf, TextRedaction[]>();
  for (const redaction of redactions) {
    const path = readJsonPath(redaction.path);
    const leaf = path === undefined ? undefined : leaves.findLast((candidate) => samePath(candidate.path, path));
    if (leaf === undefined) return 'a redaction names no text of this result';
    const { start, end } = redaction;
    if (start < 0 || end < start || end > leaf.text.length) return 'a redaction lies outside its text';
    wanted.set(leaf, [...(wanted.get(leaf) ?? []), redaction]);
  }
  return wanted;
}

/** From the back, so that earlier spans keep their place; of overlapping cuts the outer one counts. */
function cutText(text: string, redactions: readonly TextRedaction[]): string {
  let cut = text;
  let from = text.length;
  for (const { start, end, replacement } of [...redactions].sort((a, b) => b.end - a.end || a.start - b.start)) {
    const stop = Math.min(end, from);
    if (stop < start) continue;
    cut = cut.slice(0, start) + (stop === end ? replacement : '') + cut.slice(stop);
    from = start;
  }
  return cut;
}

function echoesOf(wanted: ReadonlyMap<StringLeaf, readonly TextRedaction[]>): readonly { readonly text: string; readonly replacement: string }[] {
  const echoes = [...wanted].flatMap(([leaf, redactions]) => redactions.map(({ start, end, replacement }) => ({ text: leaf.text.slice(start, end), replacement })));
  // A text block often holds the structured content as JSON text, where the same words are escaped.
  const escaped = echoes.map(({ text, replacement }) => ({ text: JSON.stringify(text).slice(1, -1), replacement: JSON.stringify(replacement).slice(1, -1) }));
  return [...echoes, ...escaped].filter(({ text }) => text.length >= echoedCharactersMin);
}

function withoutEchoes(text: string, echoes: readonly { readonly text: string; readonly replacement: string }[]): string {
  return echoes.reduce((rest, echo) => rest.split(echo.text).join(echo.replacement), text);
}

function samePath(a: JsonPath, b: JsonPath): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

const stringLimits = ['enum', 'const', 'pattern', 'format', 'minLength', 'maxLength', 'contentEncoding', 'contentMediaType'];
const combinators = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'dependentSchemas', 'patternProperties', 'prefixItems', 'contains', 'uniqueItems', 'dependencies', '$recursiveRef'];
/** On the way to the string these compare the whole value, and the string in it. */
const comparisons = ['enum', 'const'];

/** Conservative: a schema this cannot read says no. */
function mayBeAnyString({ known, schema }: { readonly known: boolean; readonly schema?: unknown }, path: JsonPath): boolean {
  if (!known) return false;
  if (schema === undefined) return true;
  let at: unknown = schema;
  for (const step of [...path, undefined]) {
    if (at === true) return true;
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return false;
    const node = at as Record<string, unknown>;
    if (combinators.some((word) => word in node)) return false;
    if (step !== undefined && comparisons.some((word) => word in node)) return false;
    if (step === undefined) return !stringLimits.some((word) => word in node);
    at = typeof step === 'number' ? (node['items'] ?? true) : memberSchema(node, step);
  }
  return false;
}

function memberSchema(node: Record<string, unknown>, key: string): unknown {
  const properties = node['properties'];
  if (typeof properties === 'object' && properties !== null && Object.hasOwn(properties, key)) return (properties as Record<string, unknown>)[key];
  return node['additionalProperties'] ?? true;
}
