/**
 * Policy data → something that can answer quickly: CEL conditions are parsed and type-checked once.
 * CP1. Compiling refuses a condition that is not a boolean or names an unknown variable.
 * CP2. Evaluating never throws: `undefined` means "cannot say", and the caller takes the safer branch.
 * CP3. Arguments reach CEL as maps, so a key such as `constructor` or `__proto__` is only a key.
 */
import { createHash } from 'node:crypto';
import { Environment } from '@marcbachmann/cel-js';
import { canonicalJson } from './canonical-json.js';
import type { Policy } from './policy.js';

type Rule = Policy['rules'][number];
type Edit = NonNullable<Policy['edits']>[number];
export type Condition = (context: Readonly<Record<string, unknown>>) => boolean | undefined;

export interface CompiledRule extends Rule {
  readonly holds: Condition;
}

export interface CompiledEdit extends Edit {
  /** True for an edit without a condition. */
  readonly applies: Condition;
}

export interface CompiledPolicy {
  readonly policy: Policy;
  /** `<policy.version>+<first 12 hex digits of the digest>`. */
  readonly version: string;
  /** SHA-256 over the policy's canonical JSON, hex. */
  readonly digest: string;
  /** About tool calls. */
  readonly rules: readonly CompiledRule[];
  /** About other methods; each has a `method`. */
  readonly methodRules: readonly CompiledRule[];
  readonly edits: readonly CompiledEdit[];
  readonly resultWaits: Condition;
}

const limits = { maxAstNodes: 2_000, maxDepth: 60, maxListElements: 1_000, maxMapEntries: 200, maxCallArguments: 16 };
const argumentDepthMax = 64;

const resultEnvironment = () =>
  new Environment({ limits })
    .registerVariable('impact', 'string')
    .registerVariable('server', 'string')
    .registerVariable('tool', 'string')
    .registerVariable('openWorld', 'bool')
    .registerVariable('known', 'bool')
    .registerVariable('agent', { schema: { name: 'string', role: 'string' } });
const callEnvironment = () => resultEnvironment().registerVariable('args', 'dyn').registerVariable('annotations', 'dyn');
const methodEnvironment = () =>
  new Environment({ limits })
    .registerVariable('method', 'string')
    .registerVariable('server', 'string')
    .registerVariable('agent', { schema: { name: 'string', role: 'string' } })
    .registerVariable('args', 'dyn');
const environments = { call: callEnvironment, result: resultEnvironment, method: methodEnvironment } as const;

/** @throws Error naming the rule, when a condition is refused; `parsePolicy` says so earlier and with a line. */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const digest = createHash('sha256').update(canonicalJson(policy)).digest('hex');
  const environment = callEnvironment();
  const ofMethods = policy.rules.filter((rule) => rule.method !== undefined);
  const methods = ofMethods.length === 0 ? environment : methodEnvironment();
  return {
    policy,
    digest,
    version: `${policy.version}+${digest.slice(0, 12)}`,
    rules: policy.rules.filter((rule) => rule.method === undefined).map((rule) => ({ ...rule, holds: compiled(environment, rule.when, `rule "${rule.name}"`) })),
    methodRules: ofMethods.map((rule) => ({ ...rule, holds: compiled(methods, rule.when, `rule "${rule.name}"`) })),
    edits: (policy.edits ?? []).map((edit) => ({ ...edit, applies: edit.when === undefined ? () => true : compiled(environment, edit.when, `edit "${edit.name}"`) })),
    resultWaits: compiled(resultEnvironment(), policy.results.waitWhen, 'results.waitWhen'),
  };
}

/** @returns a sentence on what is wrong with a condition, or undefined. */
export function conditionProblem(condition: string, where: keyof typeof environments): string | undefined {
  const checked = environments[where]().check(condition);
  if (!checked.valid) return `The condition is not valid CEL: ${firstLine(checked.error?.message ?? 'it cannot be read')}.`;
  return checked.type === 'bool' || checked.type === 'dyn' ? undefined : `The condition gives a ${checked.type ?? 'value'}, not true or false.`;
}

/** JSON values → CEL maps and lists. @throws RangeError when nested deeper than 64. */
export function celValue(value: unknown, depth = 0): unknown {
  if (depth > argumentDepthMax) throw new RangeError('nested too deep');
  if (Array.isArray(value)) return value.map((item) => celValue(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, member]) => [key, celValue(member, depth + 1)]));
}

function compiled(environment: Environment, condition: string, name: string): Condition {
  const checked = environment.check(condition);
  if (!checked.valid || (checked.type !== 'bool' && checked.type !== 'dyn')) {
    throw new Error(`${name}: ${firstLine(checked.error?.message ?? 'the condition is not true or false')}`);
  }
  const program = environment.parse(condition);
  return (context) => {
    try {
      const answer: unknown = program(context);
      return typeof answer === 'boolean' ? answer : undefined;
    } catch {
      return undefined;
    }
  };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/\.$/, '') ?? '';
}
