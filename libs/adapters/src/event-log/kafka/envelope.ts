/**
 * A record on the wire: CloudEvents in binary mode. The value is the JSON as written; the envelope is headers, so that a reader
 * routes, deduplicates and cuts batches without parsing.
 * EV1. id, key and value come back exactly as they were given.
 * EV2. A record of another writer without our headers is still handed over, under an id of its place: nothing is passed by silently.
 */
import type { Topic } from '@countersign/contracts';
import type { LedgerRecord, StoredRecord } from '@countersign/pipeline';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

const typeOf: Readonly<Record<Topic, string>> = { observations: 'observation', findings: 'finding', verdicts: 'verdict', decisions: 'decision', 'dead-letters': 'dead-letter' };
const tapRecord = /^([^/]+)\/\d+\/(\d+)$/;

export interface Envelope {
  readonly topic: Topic;
  /** Who writes, for `ce_source`, when the record is no tap's own. */
  readonly app: string;
  /** When these records are appended; ISO 8601. */
  readonly recordedAt: string;
}

/** Written out field by field: it runs for every record, and building it from a list cost a third of an append. */
export function messageOf({ id, key, value }: LedgerRecord, { topic, app, recordedAt }: Envelope): Message {
  const facts = factsOf(value);
  const [, tapId, seq] = (topic === 'observations' ? tapRecord.exec(id) : null) ?? [];
  const domain = `/domains/${encodeURIComponent(key)}`;
  const headers: IHeaders = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: tapId === undefined ? `${domain}/${encodeURIComponent(app)}` : `${domain}/taps/${encodeURIComponent(tapId)}`,
    ce_type: `dev.countersign.${typeOf[topic]}.v${facts.version}`,
    ce_recordedtime: recordedAt,
    ce_partitionkey: key,
  };
  if (facts.at !== undefined) headers['ce_time'] = facts.at;
  if (facts.callId !== undefined) headers['ce_subject'] = facts.callId;
  if (facts.severity !== undefined) headers['ce_severity'] = facts.severity;
  if (seq !== undefined) headers['ce_sequence'] = seq;
  return { key, value, headers };
}

export function storedOf({ key, value, headers, offset }: KafkaMessage, { topic, partition }: { readonly topic: Topic; readonly partition: number }): StoredRecord {
  const id = headerText(headers, 'ce_id') ?? `${topic}/${partition}/${offset}`;
  return { topic, partition, offset: Number(offset), id, key: key?.toString('utf8') ?? headerText(headers, 'ce_partitionkey') ?? '', value: value?.toString('utf8') ?? '' };
}

export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const held = headers?.[name];
  const first = Array.isArray(held) ? held[0] : held;
  return first?.toString('utf8');
}

interface Facts {
  readonly version: number;
  readonly at: string | undefined;
  readonly callId: string | undefined;
  readonly severity: string | undefined;
}

/** What the headers repeat of the value. A value that says none of it travels without those headers. */
function factsOf(value: string): Facts {
  const held = parsed(value);
  const text = (name: string, of = held) => (typeof of[name] === 'string' ? of[name] : undefined);
  return { version: typeof held['v'] === 'number' ? held['v'] : 1, at: text('at'), callId: text('callId') ?? text('callId', objectOf(held['call'])), severity: text('severity') };
}

function parsed(value: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(value));
  } catch {
    // Not JSON: the readers' schemas will say so, with the bytes, in dead-letters.
    return {};
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
