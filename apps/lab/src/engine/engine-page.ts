/** What judging costs, as a page. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { versionsInUse } from '../quality/versions.js';
import { engineRate, shownEngineRate } from './engine-rate.js';

export interface EngineOptions {
  readonly runs: number;
  readonly seed: number;
  readonly out?: string | undefined;
  readonly commit: string;
}

/** @returns lines for people; with `out` they are also written there, as Markdown. */
export async function measureEngine({ runs, seed, out, commit }: EngineOptions): Promise<readonly string[]> {
  const lines = shownEngineRate(await engineRate({ runs, seed }));
  if (out !== undefined) {
    writeFileSync(out, [
      '# Engine: what judging a call costs', '',
      `Commit \`${commit}\`. ${versionsInUse().join(' · ')}. \`countersign lab engine --runs ${runs} --seed ${seed}\`, Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, one thread, ${cpus().length} cores that other work may have shared.`, '',
      ...lines.map((line) => `- ${line}`), '',
      '## What the figures assume', '',
      '- Made-up traffic from a seed: a read, then a write, eight calls a run, one agent; records are parsed and judged as in production, nothing is sent anywhere.',
      '- Wall time: other work on the machine makes it worse, never better. Growth and bytes hardly depend on it.',
      '- Bytes are heap and buffers after a collection, over 40 more agents with 30 runs each, and 40 more runs in progress.', '',
    ].join('\n'));
  }
  return lines;
}
