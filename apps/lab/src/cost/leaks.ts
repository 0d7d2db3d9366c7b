/**
 * Starts, stops and kills stdio taps in every way a client may, and counts the server processes that are left.
 * Every cycle's server carries the cycle's own mark in its command line, so that nobody else's process is counted or touched.
 */
import { randomBytes } from 'node:crypto';
import { echoCommand, startStdio, tapCommand, type TapUnderTest } from './paths.js';
import { processesWith } from './process-figures.js';
import type { StdioPeer } from './stdio-peer.js';

export interface LeakFigures {
  readonly cycles: number;
  /** Server processes that were still there `patienceMs` after their tap was gone. Undefined where processes cannot be listed. */
  readonly leaked: number | undefined;
}

type Way = (peer: StdioPeer) => Promise<void>;

const patienceMs = 15_000;
const lookMs = 100;
const atOnce = 4;
const text = { name: 'count_words', arguments: { text: 'x' } };

/** Closed, ended by each signal, killed outright, killed before it ever answered, killed with calls in flight. */
const ways: readonly Way[] = [
  async (peer) => { await peer.initialize(); await peer.close(); },
  async (peer) => { await peer.initialize(); await peer.kill('SIGTERM'); },
  async (peer) => { await peer.initialize(); await peer.kill('SIGINT'); },
  async (peer) => { await peer.initialize(); await peer.kill('SIGHUP'); },
  async (peer) => { await peer.initialize(); await peer.kill('SIGKILL'); },
  (peer) => peer.kill('SIGKILL'),
  async (peer) => { await peer.initialize(); void peer.request('tools/call', text); await peer.kill('SIGKILL'); },
  (peer) => peer.close(),
];

export async function leakedChildren(tap: TapUnderTest, cycles: number): Promise<LeakFigures> {
  const run = randomBytes(6).toString('hex');
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < cycles) {
      const cycle = next++;
      await (ways[cycle % ways.length] as Way)(startStdio(tapCommand(tap, echoCommand(`lab-${run}-${cycle}-`))));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { cycles, leaked: await left(`lab-${run}-`) };
}

/** A tap that was killed outright cannot reap; its watchdog needs two seconds. */
async function left(mark: string): Promise<number | undefined> {
  const until = performance.now() + patienceMs;
  let count = processesWith(mark);
  while (count !== undefined && count > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    count = processesWith(mark);
  }
  return count;
}
