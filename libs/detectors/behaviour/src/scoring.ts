/** How surprising is one call, in bits: which tool came next, and how it was filled. */
import { surpriseOf, type ArgumentSurprise, type ArgumentTrait, type Habits } from './argument-habits.js';
import { behaviourScore } from './behaviour-score.artefact.js';
import { roleOf, type AgentHabits, type Memory } from './memory.js';
import { probabilityOf } from './sequence.js';

const surpriseBitsMax = 24;

export interface Surprise {
  readonly bits: number;
  readonly sequenceBits: number;
  readonly args: ArgumentSurprise;
}

/** Back-off base: the role's model, behind it the domain's tools, behind them all tools alike. `habits` may stand in for the agent's own. */
export function surpriseOfCall(memory: Memory, agent: AgentHabits, call: { before: readonly number[]; tool: number; traits: readonly ArgumentTrait[]; habits?: Habits }): Surprise {
  const { before, tool } = call;
  const uniform = 1 / (memory.toolNames.size + 1);
  const domain = probabilityOf(memory.domain.sequence, { before: [], tool, base: uniform });
  const role = probabilityOf(roleOf(memory, agent.role).sequence, { before, tool, base: domain });
  const sequenceBits = Math.min(surpriseBitsMax, -Math.log2(probabilityOf(agent.sequence, { before, tool, base: role })));
  const args = surpriseOf(call.habits ?? agent.habits, call.traits);
  return { bits: behaviourScore.sequence * sequenceBits + behaviourScore.arguments * args.bits, sequenceBits, args };
}
