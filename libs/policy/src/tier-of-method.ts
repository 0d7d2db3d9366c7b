/**
 * What the policy says of a request of another method than `tools/call`, and of the answers to such requests.
 * TM1. Only rules with a `method` speak of them; where none does, the message goes on and is recorded, as ever.
 * TM2. A rule that cannot be evaluated fails closed, as for calls (TI2).
 * TM3. Nobody approves what a server asks of a client: a tier that asks people refuses it. Any other tier with a deadline holds it
 *      until what it says was read.
 * TM4. In mode `observe` nothing waits and nothing is refused.
 */
import type { Impact, Tier } from '@countersign/contracts';
import type { MethodFacts, TierOfCall, WaitRule } from './call-facts.js';
import { celValue, type CompiledPolicy, type CompiledRule } from './compile.js';
import { globMatches } from './glob.js';

const order: readonly Tier[] = ['low', 'medium', 'high', 'critical'];
const peopleSentence = 'People decide calls of this tier, and nobody can decide what a server asks of a client.';

/** @returns undefined when no rule speaks of it. */
export function tierOfMethod(compiled: CompiledPolicy, facts: MethodFacts): TierOfCall | undefined {
  const about = compiled.methodRules.filter((rule) => globMatches(rule.method ?? '', facts.method));
  if (about.length === 0) return undefined;
  const ruling = rulingOf(about, contextOf(facts));
  if (ruling === undefined) return undefined;
  const { tiers, results, mode } = compiled.policy;
  const { requires, deadlineMs, onUnavailable, ask } = tiers[ruling.tier];
  const isServers = facts.asker === 'server';
  const deny = ruling.deny ?? (isServers && ask !== undefined ? peopleSentence : undefined);
  const isEnforced = mode === 'enforce';
  return {
    tier: ruling.tier, rule: ruling.rule, impact: impactOf(facts), openWorld: true,
    waits: isEnforced && deadlineMs > 0, deadlineMs, requires: isServers ? results.requires : requires, onUnavailable,
    ...(deny !== undefined && isEnforced ? { deny } : {}),
  };
}

/** Whether the answer to a request of this method waits for its findings before the agent sees it. */
export function answerRuleOf({ policy }: CompiledPolicy, method: string): WaitRule {
  const { requires, deadlineMs, onUnavailable, methods } = policy.results;
  const waits = policy.mode === 'enforce' && deadlineMs > 0 && (methods?.some((glob) => globMatches(glob, method)) ?? false);
  return { waits, deadlineMs, requires, onUnavailable };
}

interface Ruling {
  readonly tier: Tier;
  readonly rule: string;
  readonly deny?: string | undefined;
}

function rulingOf(about: readonly CompiledRule[], values: Readonly<Record<string, unknown>>): Ruling | undefined {
  const failed: CompiledRule[] = [];
  let held: CompiledRule | undefined;
  for (const rule of about) {
    const holds = rule.holds(values);
    if (holds === undefined) failed.push(rule);
    if (holds !== true) continue;
    held = rule;
    break;
  }
  const decisive = [...(held === undefined ? [] : [held]), ...failed];
  const refusing = decisive.find((rule) => rule.deny !== undefined);
  if (refusing !== undefined) return { tier: 'high', rule: refusing.name, deny: refusing.deny };
  const [first, ...others] = decisive;
  if (first === undefined) return undefined;
  const strictest = others.reduce((worst, rule) => (order.indexOf(rule.tier ?? 'low') > order.indexOf(worst.tier ?? 'low') ? rule : worst), first);
  return { tier: strictest.tier ?? 'high', rule: strictest.name };
}

/** What a server asks of a client carries something out of the client: text of its model, words of its user, names of its folders. */
function impactOf({ method, asker }: MethodFacts): Impact {
  if (asker === 'server') return 'egress';
  return /^(resources|prompts|completion)\//.test(method) || /\/(list|get|read|result)$/.test(method) ? 'read' : 'write';
}

function contextOf({ method, server, agent, params }: MethodFacts): Readonly<Record<string, unknown>> {
  const { name, role } = agent;
  return {
    method, server, agent: { name, role },
    get args() {
      return celValue(params ?? {});
    },
  };
}
