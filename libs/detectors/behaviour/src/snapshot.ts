/** Memory as text, and back. Tables and filters are base64; everything else is plain JSON. */
import type { Place } from './argument-habits.js';
import { CountTable } from './count-table.js';
import type { Member, TaskRun } from '@countersign/pipeline';
import { emptyMemory, type AgentHabits, type Memory, type Pool, type Session } from './memory.js';
import type { SequenceModel } from './sequence.js';

const format = 'behaviour/3';

interface StoredPool {
  readonly calls: number;
  readonly table: string;
  readonly calibrations: Pool['calibrations'];
}
interface StoredAgent extends StoredPool {
  readonly fields: Pick<AgentHabits, 'role' | 'sessions' | 'statistics' | 'reference' | 'referenceAt' | 'watched' | 'alarmed' | 'waiting' | 'taught'>;
  readonly members: readonly (readonly [string, Member])[];
  readonly current: Session | null;
  readonly tasks: readonly (readonly [string, TaskRun<Session>])[];
  readonly habits: readonly (readonly [string, Omit<Place, 'filter'> & { readonly filter: string }])[];
}
interface Stored {
  readonly format: string;
  readonly agents: readonly (readonly [string, StoredAgent])[];
  readonly roles: readonly (readonly [string, StoredPool])[];
  readonly domain: StoredPool;
  readonly toolNames: readonly (readonly [number, string])[];
}

export function snapshotOf(memory: Memory): string {
  const stored: Stored = {
    format,
    agents: [...memory.agents].map(([name, agent]) => [name, storedAgent(agent)]),
    roles: [...memory.roles].map(([name, pool]) => [name, storedPool(pool)]),
    domain: storedPool(memory.domain),
    toolNames: [...memory.toolNames],
  };
  return JSON.stringify(stored);
}

/** @throws when the text is not a snapshot of this version. */
export function restored(text: string): Memory {
  const stored = JSON.parse(text) as Stored;
  if (stored.format !== format) throw new Error(`The snapshot is "${String(stored.format)}", not "${format}"; behaviour starts from an empty memory.`);
  const memory: Memory = { ...emptyMemory(), domain: openedPool(stored.domain) };
  for (const [name, agent] of stored.agents) memory.agents.set(name, openedAgent(agent));
  for (const [name, pool] of stored.roles) memory.roles.set(name, openedPool(pool));
  for (const [hash, name] of stored.toolNames) memory.toolNames.set(hash, name);
  return memory;
}

function storedPool(pool: Pool): StoredPool {
  return { calls: pool.sequence.calls, table: pool.sequence.table.toText(), calibrations: pool.calibrations };
}

function storedAgent(agent: AgentHabits): StoredAgent {
  const { role, sessions, statistics, reference, referenceAt, watched, alarmed, waiting, taught } = agent;
  return {
    ...storedPool(agent), fields: { role, sessions, statistics, reference, referenceAt, watched, alarmed, waiting, taught }, members: [...agent.members], current: agent.current ?? null, tasks: [...agent.tasks],
    habits: [...agent.habits].map(([name, place]) => [name, { ...place, filter: Buffer.from(place.filter).toString('base64') }]),
  };
}

function openedPool(stored: StoredPool): Pool {
  const sequence: SequenceModel = { table: CountTable.fromText(stored.table), calls: stored.calls };
  return { sequence, calibrations: stored.calibrations };
}

function openedAgent(stored: StoredAgent): AgentHabits {
  const habits = new Map(stored.habits.map(([name, place]) => [name, { ...place, filter: new Uint8Array(Buffer.from(place.filter, 'base64')) }]));
  return { ...openedPool(stored), ...stored.fields, habits, members: new Map(stored.members), current: stored.current ?? undefined, tasks: new Map(stored.tasks) };
}
