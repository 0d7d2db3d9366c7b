/**
 * How well habits rank an inserted call, how often ordinary calls surprise, and how many sessions a swap of habits takes to be flagged.
 * HA1. Order, insertions and swaps come from seeds: the same sessions give the same figures.
 */
import { auroc } from '../train/text-figures.js';
import { pick, seeded, shuffled } from '../train/seeded.js';
import { impactOf, Player, quantile, type Session } from './player.js';

export interface HabitFigures {
  readonly sessions: number;
  readonly calls: number;
  readonly microsP50: number;
  readonly microsP99: number;
  readonly aurocRandomTool: number;
  readonly aurocWrite: number;
  /** Share of ordinary calls with p below 0.01. */
  readonly surprised: number;
  /** What changed → sessions until the flag, one a seed; undefined: never. */
  readonly flaggedAfter: Readonly<Record<string, readonly (number | undefined)[]>>;
}

const referenceSessions = 100;

interface Inserted {
  readonly ordinary: number[];
  readonly random: number[];
  readonly write: number[];
  readonly micros: number[];
  surprised: number;
}

export async function habitFigures(sessions: readonly Session[], seeds: readonly number[]): Promise<HabitFigures> {
  const inserted: Inserted = { ordinary: [], random: [], write: [], micros: [], surprised: 0 };
  const flaggedAfter: Record<string, (number | undefined)[]> = {};
  for (const seed of seeds) {
    const random = seeded(seed);
    const order = shuffled(sessions, random);
    await insertions(order, random, inserted);
    for (const [name, delay] of await delays(order, random)) (flaggedAfter[name] ??= []).push(delay);
  }
  return {
    sessions: sessions.length, calls: inserted.ordinary.length, microsP50: quantile(inserted.micros, 0.5), microsP99: quantile(inserted.micros, 0.99),
    aurocRandomTool: auroc(inserted.random, inserted.ordinary), aurocWrite: auroc(inserted.write, inserted.ordinary), surprised: inserted.surprised / inserted.ordinary.length, flaggedAfter,
  };
}

/** @returns a memory that learnt these sessions. */
export async function taught(sessions: readonly Session[]): Promise<string> {
  const player = new Player();
  for (const session of sessions) await player.play(session);
  return player.snapshot();
}

async function insertions(order: readonly Session[], random: () => number, into: Inserted): Promise<void> {
  const memory = await taught(order.slice(0, referenceSessions));
  const tools = [...new Set(order.flatMap((calls) => calls.map(({ tool }) => tool)))];
  const writes = tools.filter((tool) => impactOf(tool) !== 'read');
  for (const session of order.slice(referenceSessions)) {
    const player = new Player(memory);
    const { calls } = await player.play(session);
    into.micros.push(...player.micros);
    into.ordinary.push(...calls.map(({ score }) => score ?? 0));
    into.surprised += calls.filter(({ pValue }) => (pValue ?? 1) < 0.01).length;
    const at = Math.floor(random() * session.length);
    for (const [kind, pool] of [['random', tools], ['write', writes]] as const) {
      const tool = pool.length === 0 ? undefined : pick(pool, random);
      if (tool === undefined || tool === session[at]?.tool) continue;
      const changed = await new Player(memory).play([...session.slice(0, at), { tool, args: {} }]);
      into[kind].push(changed.calls.at(-1)?.score ?? 0);
    }
  }
}

async function delays(order: readonly Session[], random: () => number): Promise<(readonly [string, number | undefined])[]> {
  const tools = [...new Set(order.flatMap((calls) => calls.map(({ tool }) => tool)))];
  const rest = order.slice(referenceSessions);
  const change = new Map(tools.map((tool, at) => [tool, tools[(at + 5) % tools.length] ?? tool]));
  const swapped = rest.map((session) => session.map((call) => ({ ...call, tool: change.get(call.tool) ?? call.tool })));
  const stolen = rest.map((session) => [...session, { tool: 'export_customers', args: { all: true } }, { tool: 'send_email', args: { to: `x${random()}@example.org` } }]);
  const found: (readonly [string, number | undefined])[] = [];
  for (const count of [30, referenceSessions]) {
    const memory = await taught(order.slice(0, count));
    for (const [name, stream] of [['no change', rest], ['all tools swapped', swapped], ['two new calls at the end of each session', stolen]] as const) {
      found.push([`${name}, ${count} known sessions`, await flaggedAfter(memory, stream)]);
    }
  }
  return found;
}

async function flaggedAfter(memory: string, stream: readonly Session[]): Promise<number | undefined> {
  const player = new Player(memory);
  for (const [at, session] of stream.entries()) if ((await player.play(session)).isFlagged) return at + 1;
  return undefined;
}
