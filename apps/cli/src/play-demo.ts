/** Plays the demonstration against a running Countersign: follows its ledger, and decides in its console as a person would. */
import { runDemo, type Follow, type Narrator, type Row } from '@countersign/demo';
import type { EventLog } from '@countersign/pipeline';
import { consolePerson } from './console-person.js';
import { programFile } from './program-file.js';

/** Where it plays: one process, or a stack of services. */
export interface Playground {
  /** Where taps find their gate. */
  readonly dataDir: string;
  readonly domain: string;
  readonly eventLog: EventLog;
  loginLink(): string | Promise<string>;
}

export interface PlayOptions {
  readonly on: Playground;
  readonly unguarded: boolean;
  readonly narrator: Narrator;
  readonly signal?: AbortSignal;
}

export async function playDemo({ on, unguarded, narrator, signal }: PlayOptions): Promise<readonly Row[]> {
  const person = await consolePerson(await on.loginLink());
  return runDemo({ program: programFile, dataDir: on.dataDir, domain: on.domain, follow: followOf(on), person, unguarded, narrator, ...(signal && { signal }) });
}

/** A consumer group of its own, from the end of the ledger. */
function followOf({ eventLog }: Playground): Follow {
  return async (topic, onRecord) => {
    const group = `demo-${process.pid}-${topic}`;
    const subscription = await eventLog.follow(topic, { group, from: { beforeEnd: 0 } }, (batch) => {
      for (const record of batch) onRecord(record.value);
      return Promise.resolve();
    });
    return () => subscription.stop();
  };
}
