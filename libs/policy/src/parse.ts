/**
 * A policy's text → a policy, or every problem with file, line, column and reason.
 * PA1. A policy with one problem is refused whole; the caller keeps the one in force.
 * PA2. Unknown keys are problems: a misspelt guard would otherwise be no guard.
 * PA3. Conditions are checked here, so a policy that parses also compiles.
 * Does not know: where the text came from, which policy is in force.
 */
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { compilePolicy, conditionProblem } from './compile.js';
import { policySchema, type Policy } from './policy.js';

export interface PolicyProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy; readonly version: string; readonly digest: string }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

type Path = readonly (string | number)[];
const policyCharactersMax = 1024 * 1024;
const problemsMax = 50;

/** @param fileName only named in problems. Never throws; at most 50 problems, in the order of the text. */
export function parsePolicy(text: string, fileName: string): ParsedPolicy {
  const lines = new LineCounter();
  const at = (offset: number, message: string): PolicyProblem => {
    const { line, col } = lines.linePos(offset);
    return { file: fileName, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  if (text.length > policyCharactersMax) return { ok: false, problems: [{ file: fileName, line: 1, column: 1, message: 'The policy is longer than 1 MiB.' }] };
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0) return refused(document.errors.map((error) => at(error.pos[0], `This is not YAML: ${sentence(error.message)}`)));
  const value = plainValue(document);
  if (!value.ok) return refused([at(0, value.message)]);
  const parsed = policySchema.safeParse(value.value);
  if (!parsed.success) return refused(parsed.error.issues.flatMap((issue) => located(document, issue).map(({ offset, message }) => at(offset, message))));
  const conditions = conditionProblems(parsed.data).map(({ path, message }) => at(offsetOf(document, path), message));
  if (conditions.length > 0) return refused(conditions);
  const { version, digest } = compilePolicy(parsed.data);
  return { ok: true, policy: parsed.data, version, digest };
}

function refused(problems: readonly PolicyProblem[]): ParsedPolicy {
  return { ok: false, problems: [...problems].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, problemsMax) };
}

/** Aliases are bounded by the library; one that explodes is a problem of the text, not of the process. */
function plainValue(document: Document): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return { ok: false, message: `The policy cannot be read: ${error instanceof Error ? error.message : 'unknown error'}.` };
  }
}

function located(document: Document, issue: z.core.$ZodIssue): { readonly offset: number; readonly message: string }[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  const where = path.length === 0 ? 'the policy' : path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ offset: offsetOf(document, [...path, key], true), message: `"${key}" is not a setting of ${where}.` }));
  }
  return [{ offset: offsetOf(document, path), message: `${where}: ${sentence(issue.message)}` }];
}

function conditionProblems(policy: Policy): { readonly path: Path; readonly message: string }[] {
  const checked = [
    ...policy.rules.map((rule, index) => ({ path: ['rules', index, 'when'], name: `rule "${rule.name}"`, problem: conditionProblem(rule.when, rule.method === undefined ? 'call' : 'method') })),
    ...(policy.edits ?? []).map((edit, index) => ({ path: ['edits', index, 'when'], name: `edit "${edit.name}"`, problem: edit.when === undefined ? undefined : conditionProblem(edit.when, 'call') })),
    { path: ['results', 'waitWhen'], name: 'results.waitWhen', problem: conditionProblem(policy.results.waitWhen, 'result') },
  ];
  return checked.flatMap(({ path, name, problem }) => (problem === undefined ? [] : [{ path, message: `${name}: ${problem}` }]));
}

/** Where the node at `path` (or, if it is missing, its nearest parent) starts. `ofKey` points at the key instead of its value. */
function offsetOf(document: Document, path: Path, ofKey = false): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return ofKey && length === path.length ? keyOffset(document, path, node.range[0]) : node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: Path, fallback: number): number {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items = typeof parent === 'object' && parent !== null && 'items' in parent && Array.isArray(parent.items) ? (parent.items as readonly unknown[]) : [];
  for (const item of items) {
    const key = typeof item === 'object' && item !== null && 'key' in item ? item.key : undefined;
    if (isNode(key) && key.range && String((key as { value?: unknown }).value) === String(path.at(-1))) return key.range[0];
  }
  return fallback;
}

function sentence(message: string): string {
  const line = message.split('\n', 1)[0] ?? message;
  return line.endsWith('.') ? line : `${line}.`;
}
