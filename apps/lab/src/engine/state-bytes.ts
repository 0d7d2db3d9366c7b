/**
 * Memory that detectors hold for one more agent, and for one more run in progress: heap and buffers after a collection, as a difference.
 * SB1. Agents and runs are added in bulk and the growth is divided, so that what is there once (word tables, models) does not count.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Detector, Observation } from '@countersign/contracts';
import { seeded } from '../train/seeded.js';
import { madeRun, observationsOf } from './made-traffic.js';

export interface StateBytes {
  readonly perAgent: number;
  readonly perSession: number;
}

const agents = 40;
const runsEach = 30;

/** @param make a fresh detector. */
export async function stateBytes(make: () => Detector<unknown>, seed: number): Promise<StateBytes> {
  return { perAgent: await grownBy(make, { seed, runs: runsEach, isOpen: false }), perSession: await grownBy(make, { seed, runs: 1, isOpen: true }) };
}

async function grownBy(make: () => Detector<unknown>, of: { readonly seed: number; readonly runs: number; readonly isOpen: boolean }): Promise<number> {
  const detector = make();
  const memory = detector.empty();
  // The first half pays for what all agents share.
  for (let agent = 0; agent < agents; agent++) await live(detector, memory, { ...of, agent });
  const before = held();
  for (let agent = agents; agent < 2 * agents; agent++) await live(detector, memory, { ...of, agent });
  const after = held();
  await detector.detect(observationsOf(madeRun(seeded(of.seed), { id: 'last', chars: 60 }), 1)[0] as Observation, memory);
  return Math.max(0, (after - before) / agents);
}

async function live(detector: Detector<unknown>, memory: unknown, of: { readonly seed: number; readonly runs: number; readonly isOpen: boolean; readonly agent: number }): Promise<void> {
  const random = seeded(of.seed + of.agent);
  for (let run = 0; run < of.runs; run++) {
    const observations = observationsOf(madeRun(random, { id: `${of.agent} ${run}`, chars: 1_024 }), of.agent * of.runs + run + 1);
    for (const observation of of.isOpen ? observations.slice(0, -1) : observations) {
      await detector.detect({ ...observation, agent: { name: `agent ${of.agent}`, role: 'made' }, tapId: `tap ${of.agent}` }, memory);
    }
  }
}

function held(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
