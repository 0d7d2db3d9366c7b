/**
 * How risky is this call, and therefore who waits for it.
 * TI1. The first rule that holds decides; none holding means `high`.
 * TI2. A rule that cannot be evaluated fails closed: the call gets that rule's tier if it is higher than what the rest says,
 *      is refused if the rule refuses, and the rule is named in `rule`.
 * TI3. Capabilities come first: an agent that may not call the tool is refused whatever the rules say.
 * TI4. In mode `observe` nothing waits and nothing is refused.
 * TI5. A session's first call is at least of `sessions.firstCallTier`; when no verdict comes, its own tier still says what happens.
 */
import type { Tier } from '@countersign/contracts';
import type { CallFacts, TierOfCall, ToolDefinition, WaitRule } from './call-facts.js';
import { celValue, type CompiledPolicy, type CompiledRule } from './compile.js';
import { globMatches } from './glob.js';
import { classifyTool, type ToolClass } from './impact.js';
import { agentMayCall } from './may-call.js';

const order: readonly Tier[] = ['low', 'medium', 'high', 'critical'];
const separator = ' · ';
const toolCharactersMax = 512;
export const capabilityRule = 'agent-may-not-call';
export const noRule = 'no-rule-holds';

interface Ruling {
  readonly tier: Tier;
  readonly rule: string;
  readonly deny?: string;
}

/** Pure; about 12 µs for the default policy, most of it reading the tool's schema. */
export function tierOf(compiled: CompiledPolicy, facts: CallFacts): TierOfCall {
  const tool = toolClassOf(compiled, facts);
  const { deny, ...ruling } = rulingOf(compiled, facts, tool);
  const { onUnavailable } = compiled.policy.tiers[ruling.tier];
  const raised = facts.firstOfSession === true ? atLeast(ruling, compiled.policy.sessions.firstCallTier) : ruling;
  const { requires, deadlineMs } = compiled.policy.tiers[raised.tier];
  const enforced = compiled.policy.mode === 'enforce';
  return {
    ...raised, impact: tool.impact, openWorld: tool.openWorld,
    waits: enforced && deadlineMs > 0, deadlineMs, requires, onUnavailable,
    ...(deny !== undefined && enforced ? { deny } : {}),
  };
}

function atLeast(ruling: Omit<Ruling, 'deny'>, tier: Tier): Omit<Ruling, 'deny'> {
  if (order.indexOf(ruling.tier) >= order.indexOf(tier)) return ruling;
  return { tier, rule: `${ruling.rule}${separator}first call of the session`.slice(0, 256) };
}

/** Whether this call's result waits for its findings before the agent sees it. A condition that cannot be evaluated waits. */
export function resultRuleOf(compiled: CompiledPolicy, facts: CallFacts): WaitRule {
  const { requires, deadlineMs, onUnavailable } = compiled.policy.results;
  const waits = compiled.policy.mode === 'enforce' && deadlineMs > 0 && (compiled.resultWaits(callContext(facts, toolClassOf(compiled, facts))) ?? true);
  return { waits, deadlineMs, requires, onUnavailable };
}

/** The guess from the definition, corrected by what the policy's `tools` say; the first entry that speaks of a property wins. */
export function toolClassOf(compiled: CompiledPolicy, called: { readonly server: string; readonly tool: string; readonly definition?: ToolDefinition | undefined }): ToolClass {
  const guess = classifyTool(called.definition, called.tool);
  const facts = compiled.policy.tools.filter((fact) => globMatches(fact.server, called.server) && globMatches(fact.tool, called.tool));
  const impact = facts.find((fact) => fact.impact !== undefined)?.impact;
  return {
    impact: impact ?? guess.impact,
    openWorld: facts.find((fact) => fact.openWorld !== undefined)?.openWorld ?? guess.openWorld,
    why: impact === undefined ? guess.why : 'the policy says so',
  };
}

/** The rule's own name in a `tierRule`, without the notes behind it. */
export function ruleNameOf(tierRule: string): string {
  return tierRule.split(separator, 1)[0] ?? tierRule;
}

function rulingOf(compiled: CompiledPolicy, facts: CallFacts, tool: ToolClass): Ruling {
  if (!agentMayCall(compiled, facts.agent, facts)) {
    return { tier: 'high', rule: capabilityRule, deny: `The policy does not let agent "${facts.agent.name}" call ${facts.server}/${facts.tool}.` };
  }
  const values = callContext(facts, tool);
  const failed: CompiledRule[] = [];
  let held: CompiledRule | undefined;
  for (const rule of compiled.rules) {
    const holds = rule.holds(values);
    if (holds === true) {
      held = rule;
      break;
    }
    if (holds === undefined) failed.push(rule);
  }
  return settled(held, failed);
}

function settled(held: CompiledRule | undefined, failed: readonly CompiledRule[]): Ruling {
  const refusing = held?.deny !== undefined ? held : failed.find((rule) => rule.deny !== undefined);
  const base = held?.tier ?? 'high';
  const tier = failed.reduce((highest, rule) => (rule.tier !== undefined && order.indexOf(rule.tier) > order.indexOf(highest) ? rule.tier : highest), base);
  const deciding = refusing?.name ?? (tier === base ? (held?.name ?? noRule) : (failed.find((rule) => rule.tier === tier)?.name ?? noRule));
  const notes = failed.length === 0 ? '' : `${separator}${failed.length} not evaluated: ${failed.map((rule) => rule.name).join(', ')}`;
  const rule = `${deciding}${notes}`.slice(0, 256);
  return refusing?.deny === undefined ? { tier, rule } : { tier, rule, deny: refusing.deny };
}

/**
 * Arguments and annotations are converted only when a condition asks for them; too deep a nesting then makes that condition
 * unanswerable (TI2). So does a tool name over the record's bound: conditions match patterns against it, and it is a stranger's.
 */
export function callContext(facts: CallFacts, tool: ToolClass): Readonly<Record<string, unknown>> {
  const { name, role } = facts.agent;
  return {
    impact: tool.impact, openWorld: tool.openWorld, server: facts.server,
    get tool() {
      if (facts.tool.length > toolCharactersMax) throw new RangeError('the tool name is too long');
      return facts.tool;
    },
    known: facts.definition !== undefined, agent: { name, role },
    get args() {
      return celValue(facts.args ?? {});
    },
    get annotations() {
      return celValue(facts.definition?.annotations ?? {});
    },
  };
}
