/** A record set aside, as an output like any other: it is in the ledger before the batch it came from counts as read. */
import type { DeadLetter } from '@countersign/contracts';
import type { StoredRecord } from './event-log.js';
import type { Output, TerminalError } from './processor.js';

const errorCharsMax = 2_000;

export interface DeadLetterFacts {
  readonly error: TerminalError;
  /** Name and version of who could not read it. */
  readonly component: string;
  readonly nowMs: number;
}

/** @returns an output whose id names the component and the place, so that reading the batch again makes the same one. */
export function deadLetterOf(record: StoredRecord, facts: DeadLetterFacts): Output {
  const { error, component, nowMs } = facts;
  const letter: DeadLetter = {
    v: 1,
    id: `${component}/${record.topic}/${record.partition}/${record.offset}`,
    domain: record.key,
    at: new Date(nowMs).toISOString(),
    topic: record.topic,
    offset: record.offset,
    recordId: record.id,
    errorClass: error.errorClass.slice(0, 64),
    error: error.message.slice(0, errorCharsMax),
    component: component.slice(0, 128),
    raw: record.value,
  };
  return { topic: 'dead-letters', id: letter.id, key: record.key, value: JSON.stringify(letter) };
}
