/**
 * Which arguments of a call the policy changes, and to what.
 * PE1. Pure; the arguments given are not touched. Every edit that applies is made, each on what the ones before it left.
 * PE2. An edit that should apply and cannot (its condition cannot be evaluated, the argument is not a number, its parent is missing)
 *      refuses the call: a cap that is not kept would be no cap.
 * PE3. An edit that would change nothing is not in the plan.
 */
import type { CallFacts } from './call-facts.js';
import type { CompiledEdit, CompiledPolicy } from './compile.js';
import { globMatches } from './glob.js';
import { callContext, toolClassOf } from './tier-of.js';

export type Scalar = string | number | boolean | null;

export interface ArgumentEdit {
  readonly rule: string;
  readonly path: readonly string[];
  readonly did: 'dropped' | 'lowered' | 'raised' | 'set';
  /** What stands there afterwards; not of a dropped one. */
  readonly to?: Scalar;
  /** What stood there: JSON text, cut at 200 characters. */
  readonly was?: string;
}

export type EditPlan = { readonly ok: true; readonly edits: readonly ArgumentEdit[] } | { readonly ok: false; readonly rule: string; readonly why: string };

const editsMax = 32;
const noEdits: EditPlan = { ok: true, edits: [] };

/** O(edits of the policy), and a copy of the arguments when one of them is about this tool. */
export function planEdits(compiled: CompiledPolicy, facts: CallFacts): EditPlan {
  const about = compiled.edits.filter((edit) => globMatches(edit.server, facts.server) && globMatches(edit.tool, facts.tool));
  if (about.length === 0) return noEdits;
  const values = callContext(facts, toolClassOf(compiled, facts));
  const root: unknown = structuredClone(facts.args);
  const edits: ArgumentEdit[] = [];
  for (const edit of about) {
    const applies = edit.applies(values);
    if (applies === undefined) return { ok: false, rule: edit.name, why: 'its condition cannot be evaluated' };
    if (!applies) continue;
    const made = makeEdit(edit, root);
    if (typeof made === 'string') return { ok: false, rule: edit.name, why: made };
    if (made !== undefined) edits.push(made);
  }
  return edits.length > editsMax ? { ok: false, rule: about[0]?.name ?? '', why: `more than ${editsMax} of its arguments would change` } : { ok: true, edits };
}

/** Changes `root` in place. @returns what was done, undefined for nothing, or why it cannot be done. */
function makeEdit(edit: CompiledEdit, root: unknown): ArgumentEdit | string | undefined {
  const path = edit.argument.split('.');
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1).reduce<unknown>((node, name) => (isObject(node) && Object.hasOwn(node, name) ? node[name] : undefined), root);
  const isThere = isObject(parent) && Object.hasOwn(parent, last);
  const changed = changeOf(edit, { isThere, value: isThere ? parent[last] : undefined });
  if (changed === undefined || typeof changed === 'string') return changed;
  if (!isObject(parent)) return `the call has nothing that could hold "${edit.argument}"`;
  const was = isThere ? JSON.stringify(parent[last]).slice(0, 200) : undefined;
  if (changed.did === 'dropped') delete parent[last];
  else Object.defineProperty(parent, last, { value: changed.to, writable: true, enumerable: true, configurable: true });
  return { rule: edit.name, path, ...changed, ...(was === undefined ? {} : { was }) };
}

function changeOf({ argument, drop, max, min, set }: CompiledEdit, { isThere, value }: { readonly isThere: boolean; readonly value: unknown }): Pick<ArgumentEdit, 'did' | 'to'> | string | undefined {
  if (set !== undefined) return isThere && value === set ? undefined : { did: 'set', to: set };
  if (!isThere) return undefined;
  if (drop === true) return { did: 'dropped' };
  if (typeof value !== 'number') return `its argument "${argument}" is no number`;
  if (max !== undefined && value > max) return { did: 'lowered', to: max };
  return min !== undefined && value < min ? { did: 'raised', to: min } : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
