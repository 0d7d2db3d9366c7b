/**
 * What an agent sees of a server's list of tools: not those the policy never lets it call (`agents[].mayCall`).
 * SL1. Only in mode `enforce`, and only what capability forbids: a tool a rule refuses for some arguments stays.
 * SL2. The record, the pins and this tap's own knowledge are of the list as the server sent it.
 */
import { agentMayCall } from '@countersign/policy/runtime';
import { filterList, type FilteredList } from '@countersign/wire';
import type { Asked } from './asked.js';
import type { FromServer } from './from-server.js';
import type { StreamState } from './stream-state.js';

/** Could the answer to this request be another for this agent than the server's? */
export function mayBeFiltered({ house }: StreamState, { method }: Pick<Asked, 'method'>): boolean {
  const { agents, mode } = house.policy().policy;
  return method === 'tools/list' && agents.length > 0 && mode === 'enforce';
}

/** @returns the message's own bytes where nothing is taken out. */
export function shownList({ state, message }: FromServer, asked: Asked): FilteredList {
  if (message.shape !== 'response' || !mayBeFiltered(state, asked)) return { bytes: message.bytes, cutCount: 0 };
  const { agent, server, policy } = state.house;
  const compiled = policy();
  return filterList(message, { list: 'tools', mayStay: (tool) => agentMayCall(compiled, agent, { server, tool }), isModern: asked.era.era === 'modern' });
}
