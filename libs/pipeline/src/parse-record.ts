/**
 * Reading one record of the ledger: parsed again at this end, because a writer may be older, newer or broken.
 * Several processors of one process read the same record: it is parsed once, or not at all if its writer is in this process, too; what
 * they get is not to be changed.
 * Refuses with `TerminalError`, whose class is the dead letter's: `unparsable`, `unknown-version` or `schema`.
 */
import { recordSchemas, type RecordOf, type Topic } from '@countersign/contracts';
import type { LedgerRecord } from './event-log.js';
import { TerminalError } from './processor.js';

const recordVersion = 1;

interface Known {
  readonly topic: Topic;
  readonly record: unknown;
}

/** What was read of a record, for as long as somebody has it. */
const known = new WeakMap<object, Known>();

/**
 * @param stored any record of `topic`; only its `id` and `value` are read, and `parsed` where its writer left it.
 * @throws TerminalError when the value is not a record of the topic's schema.
 */
export function parseRecord<T extends Topic>(topic: T, stored: Pick<LedgerRecord, 'id' | 'value' | 'parsed'>): RecordOf<T> {
  if (stored.parsed !== undefined) return stored.parsed as RecordOf<T>;
  const before = known.get(stored);
  if (before?.topic === topic) return before.record as RecordOf<T>;
  const record = freshlyParsed(topic, stored);
  known.set(stored, { topic, record });
  return record;
}

function freshlyParsed<T extends Topic>(topic: T, stored: { readonly id: string; readonly value: string }): RecordOf<T> {
  const value = parseJson(topic, stored);
  if (isObject(value) && 'v' in value && value['v'] !== recordVersion) {
    throw new TerminalError('unknown-version', `record ${quoted(stored.id)} of ${topic} has version ${quoted(value['v'])}; this component reads version ${recordVersion}.`);
  }
  const parsed = recordSchemas[topic].safeParse(value);
  if (parsed.success) return parsed.data as RecordOf<T>;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the record' : `\`${issue.path.join('.')}\``;
  throw new TerminalError('schema', `record ${quoted(stored.id)} of ${topic} breaks the topic's schema at ${where}: ${issue?.message ?? 'no detail'}.`);
}

function parseJson(topic: Topic, stored: { readonly id: string; readonly value: string }): unknown {
  try {
    return JSON.parse(stored.value);
  } catch {
    throw new TerminalError('unparsable', `record ${quoted(stored.id)} of ${topic} is not JSON; its ${stored.value.length} characters are kept as they are.`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function quoted(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 160) ?? 'undefined';
}
