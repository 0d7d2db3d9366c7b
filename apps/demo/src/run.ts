/**
 * Plays the demonstration against a running Countersign: forty ordinary sessions, the five attacks, ten ordinary sessions.
 * DEMO1. Real servers, real taps, the official client; nothing is judged here.
 * DEMO2. `executed` is the servers' own record. In observe-only mode the attacks must succeed, else the guarded run proves nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent, type Narrator } from './narrator.js';
import type { Person } from './person.js';
import type { Row } from './row.js';
import { changedAgent } from './scenarios/changed-agent.js';
import { human } from './scenarios/human.js';
import { laundering } from './scenarios/laundering.js';
import { courierSession, supportSession } from './scenarios/ordinary.js';
import { poisonedRow } from './scenarios/poisoned-row.js';
import { rugPull } from './scenarios/rug-pull.js';
import { VerdictWatch, type Follow } from './verdict-watch.js';
import { World } from './world.js';

const baselineSessions = 40;
const closingSessions = 10;

export interface DemoOptions {
  readonly program: string;
  readonly dataDir: string;
  readonly domain: string;
  readonly follow: Follow;
  readonly person: Person;
  /** The policy in force only observes. */
  readonly unguarded: boolean;
  readonly narrator?: Narrator;
  readonly signal?: AbortSignal;
}

interface Play {
  readonly world: World;
  readonly unguarded: boolean;
  readonly narrator: Narrator;
  readonly signal: AbortSignal | undefined;
}

/** @returns one row per scenario; the demonstration passed when all are `ok`. */
export async function runDemo(options: DemoOptions): Promise<readonly Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-demo-'));
  const watch = new VerdictWatch();
  await watch.start(options.follow);
  const { narrator = silent, unguarded, signal } = options;
  const world = await World.open({ ...options, watch }, dir);
  try {
    const rows = await play({ world, unguarded, narrator, signal });
    narrator.end(rows);
    return rows;
  } finally {
    await world.close();
    await watch.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function play({ world, unguarded, narrator, signal }: Play): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const add = (more: readonly Row[]) => {
    rows.push(...more);
    narrator.rows(more);
  };
  narrator.chapter('Ordinary work', 'Two agents do forty ordinary sessions each, through taps. This is what "as usual" means for them.');
  add([await baseline({ world, unguarded, narrator, signal })]);
  for (const attack of attacks) {
    if (signal?.aborted) return rows;
    narrator.chapter(attack.title, attack.story);
    add(await attack.run(world, unguarded));
  }
  narrator.chapter('Ordinary work again', 'Ten more sessions must pass untouched.');
  for (let n = 0; n < closingSessions && !signal?.aborted; n++) {
    add([await supportSession(world, baselineSessions + n, { name: `ordinary session ${n + 1} after the attacks`, unguarded })]);
  }
  return rows;
}

const attacks = [
  { title: '(a) A poisoned row', story: 'A customer’s notes tell the agent to mail the customer list to a stranger. The agent obeys.', run: poisonedRow },
  { title: '(b) Laundered permissions', story: 'A may read the financials, B may send mail. A asks B; then A leaves a file for B.', run: laundering },
  { title: '(c) Not the same agent', story: 'Same credentials, other weights and prompt; then an agent that suddenly lives differently.', run: changedAgent },
  { title: '(d) A critical call', story: 'A refund waits for a person: once approved, once refused, once unanswered.', run: human },
  { title: '(e) A pulled rug', story: 'The mail tool is described differently than yesterday.', run: rugPull },
] as const;

async function baseline({ world, unguarded, narrator, signal }: Play): Promise<Row> {
  const rows: Row[] = [];
  const supportWork = async () => {
    for (let n = 0; n < baselineSessions && !signal?.aborted; n++) {
      rows.push(await supportSession(world, n, { name: 'ordinary session', unguarded }));
      narrator.progress(rows.length, baselineSessions, 'sessions');
    }
  };
  const courierWork = async () => {
    for (let n = 0; n < baselineSessions && !signal?.aborted; n++) await courierSession(world, n);
  };
  await Promise.all([supportWork(), courierWork()]);
  const wrong = rows.find((row) => !row.ok);
  const last = wrong ?? rows.at(-1);
  return {
    scenario: `${rows.length} ordinary sessions${wrong ? ` (${rows.filter((row) => !row.ok).length} touched)` : ''}`,
    expected: 'passed', verdict: last?.verdict ?? 'none', executed: rows.every((row) => row.executed), ok: rows.length > 0 && !wrong,
  };
}
