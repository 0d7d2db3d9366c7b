/** Plays the demonstration against a running solo: follows its ledger, and decides in its console as a person would. */
import { runDemo, type Follow, type Narrator, type Row } from '@countersign/demo';
import type { Solo } from '@countersign/solo';
import { consolePerson } from './console-person.js';
import { programFile } from './program-file.js';

export interface PlayOptions {
  readonly solo: Solo;
  readonly unguarded: boolean;
  readonly narrator: Narrator;
  readonly signal?: AbortSignal;
}

export async function playDemo({ solo, unguarded, narrator, signal }: PlayOptions): Promise<readonly Row[]> {
  const person = await consolePerson(solo.loginLink());
  return runDemo({ program: programFile, dataDir: solo.dataDir, domain: solo.domain, follow: followOf(solo), person, unguarded, narrator, ...(signal && { signal }) });
}

/** A consumer group of its own, from the end of the ledger. */
function followOf({ eventLog }: Solo): Follow {
  return async (topic, onRecord) => {
    const group = `demo-${process.pid}-${topic}`;
    const subscription = await eventLog.follow(topic, { group, from: { beforeEnd: 0 } }, (batch) => {
      for (const record of batch) onRecord(record.value);
      return Promise.resolve();
    });
    return () => subscription.stop();
  };
}
