/**
 * A call as the policy has it: arguments dropped, set or clamped before anybody judges, approves or runs it.
 * EC1. In mode `observe` nothing changes; the record says what would have.
 * EC2. A call that would have to change and cannot (an edit without a place, two readings, too deep) is refused, at any tier.
 */
import { planEdits, type ArgumentEdit } from '@countersign/policy/runtime';
import { editArguments, readMessage, type RpcMessage } from '@countersign/wire';
import type { House } from './house.js';
import { toolOf, type CallToRead } from './read-call.js';

export interface EditedCall extends Pick<CallToRead, 'message' | 'edits' | 'cannotEdit'> {
  /** In mode `observe`: what would have changed. */
  readonly wouldEdit?: readonly string[];
}

/** The message as it is when the policy changes nothing, which costs a look at an empty list. */
export function editCall(house: House, message: RpcMessage): EditedCall {
  const policy = house.policy();
  if (policy.edits.length === 0) return { message };
  const tool = toolOf(message);
  const plan = planEdits(policy, { server: house.server, tool, definition: house.tools.definitionOf(tool), args: message.params?.['arguments'], agent: house.agent });
  const isEnforced = policy.policy.mode === 'enforce';
  if (!plan.ok) return isEnforced ? { message, cannotEdit: plan } : { message, wouldEdit: [plan.rule] };
  if (plan.edits.length === 0) return { message };
  if (!isEnforced) return { message, wouldEdit: plan.edits.map(({ rule }) => rule) };
  return made(message, plan.edits);
}

function made(message: RpcMessage, edits: readonly ArgumentEdit[]): EditedCall {
  const rule = edits[0]?.rule ?? '';
  // `read-call` refuses an ambiguous one that has edits; bytes of it are not touched.
  if (message.isAmbiguous || message.routeIsAmbiguous) return { message, edits };
  const bytes = message.isTooDeep ? undefined : editArguments(message.bytes, edits);
  return bytes === undefined ? { message, cannotEdit: { rule, why: 'its arguments are not where they can be changed' } } : { message: readMessage(bytes), edits };
}
