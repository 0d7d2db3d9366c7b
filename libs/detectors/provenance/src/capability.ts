/**
 * May this agent, and everyone it acts for, call this tool at all?
 * CA1. A chain may do only what each of its members may do: the intersection, never the union.
 * CA2. An agent that no rule names is not restricted by capability.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import { agentMayCall, globMatches, type CompiledPolicy } from '@countersign/policy';
import type { Actor } from './labels.js';
import { member } from './payload.js';

const chainMax = 16;

/** Everyone who acts: the agent itself, then those it says it acts for (`metadata.delegation.chain`). */
export function actorsOf(observation: Observation, roles: ReadonlyMap<string, string>): Actor[] {
  const self = { name: observation.agent.name, role: observation.agent.role };
  const chain = member(observation.metadata?.delegation, 'chain');
  const others = Array.isArray(chain) ? chain.slice(0, chainMax).flatMap((link: unknown) => actorOf(link, roles)) : [];
  return [self, ...others.filter((other) => other.name !== self.name)];
}

export function capabilityFinding(policy: CompiledPolicy, observation: Observation, actors: readonly Actor[]): FindingDraft | undefined {
  const tool = observation.call?.tool ?? '';
  for (const actor of actors) {
    if (agentMayCall(policy, actor, { server: observation.server, tool })) continue;
    const allowed = policy.policy.agents.filter((rule) => rule.name === undefined || globMatches(rule.name, actor.name)).flatMap((rule) => rule.mayCall ?? []);
    return finding({ observation, actors, actor, allowed });
  }
  return undefined;
}

function finding(found: { observation: Observation; actors: readonly Actor[]; actor: Actor; allowed: readonly string[] }): FindingDraft {
  const { observation, actors, actor, allowed } = found;
  const target = `${observation.server}/${observation.call?.tool ?? ''}`;
  const self = actors[0]?.name === actor.name;
  const chain = [...actors].reverse().map(({ name }) => name).join(' → ');
  const who = self ? `${actor.name} (${actor.role}) may not call ${target}` : `${observation.agent.name} calls ${target} on behalf of ${actor.name} (${actor.role}), who may not call it; chain ${chain}`;
  return {
    kind: 'capability', severity: 'critical', gate: 'deny',
    sentence: `${who}. Allowed: ${allowed.slice(0, 12).join(', ') || 'nothing'}.`.slice(0, 1000),
    wouldPass: `A policy whose \`agents\` entry for ${actor.name} or role ${actor.role} lists ${target} under \`mayCall\`.`.slice(0, 400),
    evidence: [{ observationId: observation.id, path: '$.name', note: `chain: ${chain}`.slice(0, 400) }],
  };
}

/** What was observed of an agent's role beats what the chain says of it. */
function actorOf(link: unknown, roles: ReadonlyMap<string, string>): Actor[] {
  if (typeof link === 'string') return [{ name: link, role: roles.get(link) ?? '' }];
  const agent = member(link, 'agent') ?? member(link, 'name');
  const role = member(link, 'role');
  return typeof agent === 'string' ? [{ name: agent, role: roles.get(agent) ?? (typeof role === 'string' ? role : '') }] : [];
}
