/**
 * Reading one record of the ledger: parsed again at this end, because a writer may be older, newer or broken.
 * Several processors of one process read the same record: it is parsed once, and what they get is not to be changed.
 * Refuses with `TerminalError`, whose class is the dead letter's: `unparsable`, `unknown-version` or `schema`.
 */
import { recordSchemas, type RecordOf, type Topic } from '@countersign/contracts';
import { TerminalError } from './processor.js';

const recordVersion = 1;
/** Parsed records kept for the next reader; bounded in number and in characters of their texts. */
const keptMax = 4_096;
const keptCharsMax = 16 * 1024 * 1024;

interface Kept {
  readonly value: string;
  readonly record: unknown;
}

const kept = new Map<string, Kept>();
let keptChars = 0;

/**
 * @param stored any record of `topic`; only its `id` and `value` are read.
 * @throws TerminalError when the value is not a record of the topic's schema.
 */
export function parseRecord<T extends Topic>(topic: T, stored: { readonly id: string; readonly value: string }): RecordOf<T> {
  const key = `${topic} ${stored.id}`;
  const known = kept.get(key);
  if (known?.value === stored.value) return known.record as RecordOf<T>;
  const record = freshlyParsed(topic, stored);
  keep(key, { value: stored.value, record });
  return record;
}

function keep(key: string, one: Kept): void {
  forget(key);
  kept.set(key, one);
  keptChars += one.value.length;
  for (const oldest of kept.keys()) {
    if (kept.size <= keptMax && keptChars <= keptCharsMax) return;
    forget(oldest);
  }
}

function forget(key: string): void {
  keptChars -= kept.get(key)?.value.length ?? 0;
  kept.delete(key);
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
