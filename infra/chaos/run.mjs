#!/usr/bin/env node
/**
 * `npm run chaos -- --minutes 60 --seed N [--profile embedded|distributed] [--json]`: agents work, parts are killed at random instants, and
 * afterwards the witness and history are asked whether anything was lost or let through. The seed decides whom, when and for how long;
 * processes and disks keep their own time, so a seed repeats the plan, not the microsecond.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Agent } from './agent.mjs';
import { checked } from './checks.mjs';
import { startProfile } from './profiles.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, profile: { type: 'string', default: 'embedded' }, agents: { type: 'string', default: '3' },
    keep: { type: 'boolean' }, json: { type: 'boolean' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const seconds = Number(values.minutes) * 60;
/** A part stays away this long at most; in runs of ten minutes and more one absence in ten lasts two minutes. */
const awayMsMax = 3_000;
const longAwayMs = 120_000;
const say = (line) => process.stderr.write(`chaos: ${line}\n`);

if (!['embedded', 'distributed'].includes(values.profile) || !(seconds > 0)) {
  say('--profile is embedded or distributed, and --minutes a number above 0. Nothing was started.');
  process.exit(2);
}
say(`profile ${values.profile}, seed ${seed}, ${seconds} s; repeat with --profile ${values.profile} --seed ${seed} --minutes ${values.minutes}`);
const dir = mkdtempSync(join(tmpdir(), 'countersign-chaos-'));
const result = await played().catch((error) => ({ error: error instanceof Error ? error.message : String(error) }));
const isRight = result.error === undefined && result.checks.every(({ wrong }) => wrong === 0) && result.figures.executed > 0;
if (values.json) process.stdout.write(`${JSON.stringify({ seed, profile: values.profile, ok: isRight, ...result })}\n`);
else report(result);
if (values.keep || !isRight) say(`everything of this run is kept in ${dir}`);
else rmSync(dir, { recursive: true, force: true });
process.exit(isRight ? 0 : 1);

async function played() {
  const random = seeded(seed);
  const profile = await startProfile(values.profile, dir, say);
  const witness = join(dir, 'witness.jsonl');
  writeFileSync(witness, '');
  mkdirSync(profile.dataDir, { recursive: true });
  const agents = Array.from({ length: Number(values.agents) }, (_, n) => new Agent({ name: `chaos-${n + 1}`, dataDir: profile.dataDir, witness, random: seeded(seed * 100 + n) }));
  try {
    await Promise.all(agents.map((agent) => agent.start()));
    for (const agent of agents) agent.load();
    const kills = await torment([...profile.victims, ...agents], random);
    await Promise.all(agents.map((agent) => agent.rest(20_000)));
    // A killed tap's spool is read by the next tap of the same agent.
    for (const agent of agents) await agent.stop().then(() => agent.start());
    const found = await checked({ history: profile.history(), witness, agents });
    return { ...found, figures: { ...found.figures, kills } };
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()));
    await profile.stop();
  }
}

/** Kills and restarts until the time is over; everything runs again at the end. */
async function torment(victims, random) {
  const kills = {};
  const until = Date.now() + seconds * 1_000;
  while (Date.now() < until) {
    await sleep(500 + random() * 2_500);
    const victim = victims[Math.floor(random() * victims.length)];
    const awayMs = seconds >= 600 && random() < 0.1 ? longAwayMs : random() * awayMsMax;
    kills[victim.name] = (kills[victim.name] ?? 0) + 1;
    await victim.kill();
    await sleep(awayMs);
    await victim.restart();
  }
  return kills;
}

function report({ error, checks = [], figures }) {
  if (error !== undefined) return say(`the run broke off: ${error}`);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  for (const { id, says, wrong, examples } of checks) process.stdout.write(`${wrong === 0 ? 'ok  ' : 'FAIL'} ${id} ${says}: ${wrong}${wrong === 0 ? '' : ` (${examples.join(', ')})`}\n`);
}

/** mulberry32 */
function seeded(from) {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
