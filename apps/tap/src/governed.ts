/**
 * Which requests of other methods than `tools/call` the policy speaks of.
 * GV1. A policy that says nothing of other methods costs a look at two empty lists.
 * GV2. What is too long to inspect passes only where no rule could speak of it.
 */
import { answerRuleOf, globMatches, tierOfMethod, type CompiledPolicy, type TierOfCall, type WaitRule } from '@countersign/policy/runtime';
import type { AskedCall } from './asked-call.js';
import type { FromClient } from './from-client.js';

export interface MethodRules {
  /** Undefined: no rule holds the request itself, only its answer waits. */
  readonly tier: TierOfCall | undefined;
  readonly resultRule: WaitRule;
  /** The call that the answer will be the result of (a server's own task). */
  readonly ofCall: AskedCall | undefined;
}

const taskReaders = new Set(['tasks/get', 'tasks/result']);

/** @returns undefined when nothing is said of it. */
export function methodRulesOf({ state, message: { method = '', params } }: FromClient): MethodRules | undefined {
  const { house } = state;
  const policy = house.policy();
  const taskId = taskReaders.has(method) ? params?.['taskId'] : undefined;
  const ofCall = typeof taskId === 'string' ? state.serverTasks.get(taskId) : undefined;
  if (policy.methodRules.length === 0 && policy.policy.results.methods === undefined && ofCall === undefined) return undefined;
  const tier = tierOfMethod(policy, { method, server: house.server, agent: house.agent, params, asker: 'client' });
  const resultRule = answerRuleOf(policy, method);
  return tier === undefined && !resultRule.waits && ofCall === undefined ? undefined : { tier, resultRule, ofCall };
}

/** A request of which only the envelope was read: could the policy have refused, held or changed it? */
export function isGoverned(policy: CompiledPolicy, { method, tool }: { readonly method: string | undefined; readonly tool: string | undefined }): boolean {
  if (method === 'tools/call') return policy.edits.some((edit) => tool === undefined || globMatches(edit.tool, tool));
  return policy.methodRules.some((rule) => method === undefined || globMatches(rule.method ?? '', method));
}
