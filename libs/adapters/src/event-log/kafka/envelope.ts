/**
 * A record on the wire: CloudEvents in binary mode. The value is the JSON as written; the envelope is headers, so that a reader
 * routes, deduplicates and cuts batches without parsing.
 * EV1. id, key and value come back exactly as they were given (read by `decode.ts`).
 * EV2. A fact the value does not state has no header; nothing is made up.
 */
import type { Topic } from '@countersign/contracts';
import type { LedgerRecord } from '@countersign/pipeline';
import type { IHeaders, Message } from 'kafkajs';

/** The noun of each topic, as `ce_type` names it. */
export const nounOf: Readonly<Record<Topic, string>> = { observations: 'observation', findings: 'finding', verdicts: 'verdict', decisions: 'decision', 'dead-letters': 'dead-letter' };
const tapRecord = /^([^/]+)\/\d+\/(\d+)$/;
const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface Envelope {
  readonly topic: Topic;
  /** Who writes, for `ce_source`, when the record is no tap's own. */
  readonly app: string;
  /** When these records are appended; ISO 8601. */
  readonly recordedAt: string;
}

export function messageOf(record: LedgerRecord, envelope: Envelope): Message {
  return { key: record.key, value: record.value, headers: headersOf(record, envelope) };
}

/** Written out field by field: it runs for every record, and building it from a list cost a third of an append. */
export function headersOf({ id, key, value }: LedgerRecord, { topic, app, recordedAt }: Envelope): IHeaders {
  const facts = factsOf(value);
  const [, tapId, seq] = (topic === 'observations' ? tapRecord.exec(id) : null) ?? [];
  const headers: IHeaders = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: sourceOf(key, tapId === undefined ? encodeURIComponent(app) : `taps/${encodeURIComponent(tapId)}`),
    ce_type: `dev.countersign.${nounOf[topic]}.v${facts.version}`,
    ce_dataschema: `urn:countersign:schema:${nounOf[topic]}:v${facts.version}`,
    ce_recordedtime: recordedAt,
    ce_partitionkey: key,
  };
  if (facts.at !== undefined) headers['ce_time'] = facts.at;
  if (facts.callId !== undefined) headers['ce_subject'] = facts.callId;
  if (facts.severity !== undefined) headers['ce_severity'] = facts.severity;
  if (facts.traceparent !== undefined) headers['ce_traceparent'] = facts.traceparent;
  if (seq !== undefined) headers['ce_sequence'] = seq;
  return headers;
}

function sourceOf(domain: string, writer: string): string {
  return `/domains/${encodeURIComponent(domain)}/${writer}`;
}

interface Facts {
  readonly version: number;
  readonly at: string | undefined;
  readonly callId: string | undefined;
  readonly severity: string | undefined;
  readonly traceparent: string | undefined;
}

/** What the headers repeat of the value. A value that says none of it travels without those headers. */
function factsOf(value: string): Facts {
  const held = parsed(value);
  return {
    version: typeof held['v'] === 'number' ? held['v'] : 1, at: text(held, 'at'),
    callId: text(held, 'callId') ?? text(objectOf(held['call']), 'callId'), severity: text(held, 'severity'), traceparent: traceOf(held),
  };
}

/** A client's own trace travels as a bare key of the message's `_meta`. */
function traceOf(held: Record<string, unknown>): string | undefined {
  const { payload } = objectOf(held['message']);
  const said = text(objectOf(objectOf(payload)['_meta']), 'traceparent');
  return said !== undefined && traceparent.test(said) ? said : undefined;
}

function text(of: Record<string, unknown>, name: string): string | undefined {
  const held = of[name];
  return typeof held === 'string' ? held : undefined;
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
