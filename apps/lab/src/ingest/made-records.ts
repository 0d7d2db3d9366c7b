/**
 * Records as a busy installation writes them: made-up traffic, judged by the product's own detectors and judge, so that rows have the
 * sizes and the mixture that history gets.
 * MR1. The same seed and number make the same records; ids are all different.
 */
import type { Topic } from '@countersign/contracts';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import type { LedgerRecord } from '@countersign/pipeline';
import { madeRun, observationsOf } from '../engine/made-traffic.js';
import { ReplayPath } from '../replay/replay-path.js';
import { seeded } from '../train/seeded.js';

export interface MadeRecord extends LedgerRecord {
  readonly topic: Topic;
}

export interface MadeOptions {
  readonly seed: number;
  /** At least so many, in whole runs of eight calls. */
  readonly count: number;
  /** Of each read note; 1 024. */
  readonly resultChars?: number;
}

/** In the order a ledger would get them: each observation, then what came of it. */
export async function madeRecords({ seed, count, resultChars = 1_024 }: MadeOptions): Promise<readonly MadeRecord[]> {
  const policy = compilePolicy(defaultPolicy);
  const path = new ReplayPath(() => policy);
  const random = seeded(seed);
  const made: MadeRecord[] = [];
  for (let run = 1; made.length < count; run += 1) {
    for (const observation of observationsOf(madeRun(random, { id: `run ${run}`, chars: resultChars }), run)) {
      const { findings, verdict } = await path.observe(observation, Date.parse(observation.at));
      const judged = verdict === undefined ? [] : [verdict];
      for (const [topic, record] of [['observations', observation], ...findings.map((finding) => ['findings', finding] as const), ...judged.map((one) => ['verdicts', one] as const)] as const) {
        made.push({ topic, id: record.id, key: record.domain, value: JSON.stringify(record) });
      }
    }
  }
  return made;
}
