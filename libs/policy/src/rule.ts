/**
 * Findings of one observation → what becomes of it, with reasons.
 * RU1. deny beats defer beats step_up beats allow, and no channel hides another: all reasons stay, the heaviest first.
 * RU2. Gates decide alone; scores only ask people, and only after enough benign sessions of that agent.
 * RU3. Evidence that is required and absent near the deadline defers the call: its tap holds it to its own deadline and then does
 *      what its rule says without a verdict (deny, by default). Where policy fails open it is only named.
 * RU4. Nothing here reads a clock or remembers; `history` is an argument.
 */
import type { Ask, Reason, Tier } from '@countersign/contracts';
import type { CompiledPolicy } from './compile.js';
import { absences, actionOf, fusedActions, gateActions, scoreActions, type Action, type Weighed } from './rule-findings.js';
import type { JudgedCall, JudgedHistory, RuledKind, RuleInput } from './rule-input.js';
import { resultActions } from './rule-result.js';
import { plainReason } from './reasons.js';
import { capabilityRule, ruleNameOf } from './tier-of.js';

const reasonsMax = 16;
const weight: Readonly<Record<Action, number>> = { deny: 0, defer: 1, step_up: 2, show: 3 };

export function rule(compiled: CompiledPolicy, input: RuleInput): RuledKind {
  if (input.phase === 'result') return resultActions(compiled, input);
  const weighed = [
    ...refusedByRule(compiled, input.call),
    ...contained(input.history),
    ...ambiguous(compiled, input.call),
    ...gateActions(compiled, input),
    ...unanswered(compiled, input),
    ...fusedActions(compiled, input),
    ...scoreActions(compiled, input),
    ...absences(compiled, input),
    ...askedByTier(compiled, input.call.tier),
  ];
  const reasons = heaviestFirst(weighed);
  if (weighed.some(({ action }) => action === 'deny')) return { kind: 'deny', reasons };
  if (weighed.some(({ action }) => action === 'defer')) return { kind: 'defer', reasons };
  if (!weighed.some(({ action }) => action === 'step_up')) return { kind: 'allow', reasons };
  const ask = askOf(compiled, input.call.tier);
  if (input.history.pendingAsks >= compiled.policy.holds.pendingPerAgentMax) {
    return { kind: 'deny', reasons: [plainReason('too-many-pending', `${input.history.pendingAsks} are open.`), ...reasons].slice(0, reasonsMax) };
  }
  return { kind: 'step_up', reasons, ask };
}

function heaviestFirst(weighed: readonly Weighed[]): Reason[] {
  return [...weighed].sort((a, b) => weight[a.action] - weight[b.action]).slice(0, reasonsMax).map(({ reason }) => reason);
}

function askOf(compiled: CompiledPolicy, tier: Tier): Ask {
  const { groups, quorum, deadlineMs } = compiled.policy.tiers[tier].ask ?? compiled.policy.ask;
  return { groups: [...groups], quorum, deadlineMs };
}

/** The tap named the rule; its refusal is looked up, so that in mode `observe` the record still shows it. */
function refusedByRule(compiled: CompiledPolicy, call: JudgedCall): Weighed[] {
  const name = ruleNameOf(call.tierRule);
  if (name === capabilityRule) return [{ action: 'deny', reason: plainReason('agent-may-not-call') }];
  const deny = compiled.policy.rules.find((candidate) => candidate.name === name)?.deny;
  return deny === undefined ? [] : [{ action: 'deny', reason: plainReason('refused-by-rule', `${name}: ${deny}`) }];
}

function contained({ contained: reason }: JudgedHistory): Weighed[] {
  return reason === undefined ? [] : [{ action: 'deny', reason }];
}

/** Below medium nothing hangs on one reading of the message. An unlisted gate denies, as everywhere. */
function ambiguous(compiled: CompiledPolicy, call: JudgedCall): Weighed[] {
  if (!call.flags.includes('ambiguous-json')) return [];
  const action = call.tier === 'low' ? 'show' : actionOf(compiled.policy.gates['ambiguous-json'] ?? 'deny', false);
  return [{ action, reason: plainReason('ambiguous-json') }];
}

function unanswered(compiled: CompiledPolicy, { call, missing }: RuleInput): Weighed[] {
  if (missing.length === 0) return [];
  const action = compiled.policy.tiers[call.tier].onUnavailable === 'deny' ? 'defer' : 'show';
  return [{ action, reason: plainReason('no-verdict-in-time', `Missing: ${missing.join(', ')}.`) }];
}

function askedByTier(compiled: CompiledPolicy, tier: Tier): Weighed[] {
  return compiled.policy.tiers[tier].ask === undefined ? [] : [{ action: 'step_up', reason: plainReason('tier-asks', `Tier: ${tier}.`) }];
}
