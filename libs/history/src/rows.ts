/**
 * A record of the ledger as a row of its table. Pure.
 * RO1. The row keeps the record's whole text in `record` (a dead letter: what it holds, in `raw`); columns are for asking.
 * RO2. A row is a function of the record alone, so that a record written twice is one row twice.
 * RO3. What the table could not hold (a time that is none, half a character) is refused or mended here, before it
 *      fails the whole batch it travels in.
 */
import type { DeadLetter, Decision, Finding, Observation, RecordOf, Topic, Verdict } from '@countersign/contracts';
import { parseRecord, TerminalError, type StoredRecord } from '@countersign/pipeline';
import type { HistoryRow } from './history-store.js';

export const tableOf = {
  observations: 'observations',
  findings: 'findings',
  verdicts: 'verdicts',
  decisions: 'decisions',
  'dead-letters': 'dead_letters',
} as const satisfies Record<Topic, string>;

const mappers: { readonly [T in Topic]: (record: RecordOf<T>, text: string) => HistoryRow } = {
  observations: observationRow,
  findings: findingRow,
  verdicts: verdictRow,
  decisions: decisionRow,
  'dead-letters': deadLetterRow,
};

/** @throws TerminalError when the stored record is not one of its topic, or its time cannot be stored. */
export function rowOf<T extends Topic>(topic: T, stored: StoredRecord): HistoryRow {
  const record = parseRecord(topic, stored);
  return wellFormed({ ...mappers[topic](record, stored.value), at: storableTime(record.at, stored.id) });
}

/** A dead letter that is itself unreadable still becomes a row: there is nowhere further to set it aside. */
export function unreadableDeadLetterRow(stored: StoredRecord, error: TerminalError, nowMs: number): HistoryRow {
  return wellFormed({
    id: stored.id, domain: stored.key, at: new Date(nowMs).toISOString(), topic: 'dead-letters', offset: stored.offset, record_id: stored.id,
    error_class: error.errorClass, error: error.message, component: 'record', raw: stored.value,
  });
}

function observationRow(o: Observation, record: string): HistoryRow {
  const { message, call } = o;
  return {
    id: o.id, domain: o.domain, kind: o.kind, tap_id: o.tapId, epoch: o.epoch, seq: o.seq, monotonic_us: o.monotonicUs,
    agent: o.agent.name, role: o.agent.role, server: o.server, session: o.session, session_rule: o.sessionRule,
    transport: o.transport, era: o.era, direction: o.direction,
    shape: message?.shape ?? '', method: message?.method ?? '', bytes: message?.bytes ?? 0, digest: message?.digest ?? '', flags: message?.flags ?? [],
    call_id: call?.callId ?? noteText(o.note?.['callId']), phase: call?.phase ?? '', tool: call?.tool ?? '', impact: call?.impact ?? '',
    tier: call?.tier ?? '', tier_rule: call?.tierRule ?? '', policy_version: call?.policyVersion ?? '', action_digest: call?.actionDigest ?? '',
    waits: call?.waits ?? false, deadline_ms: call?.deadlineMs ?? 0, is_error: call?.isError ?? false,
    task: o.metadata?.task?.text ?? '', note: o.note === undefined ? '' : JSON.stringify(o.note), record,
  };
}

function findingRow(f: Finding, record: string): HistoryRow {
  return {
    id: f.id, domain: f.domain, observation_id: f.observationId, ordinal: f.ordinal, of: f.of, call_id: f.callId ?? '',
    agent: f.agent.name, role: f.agent.role, server: f.server, session: f.session, tool: f.tool ?? '',
    detector: f.detector, detector_version: f.detectorVersion, kind: f.kind, severity: f.severity, gate: f.gate ?? '',
    score: f.score ?? null, p_value: f.pValue ?? null, sample_size: f.sampleSize ?? null,
    sentence: f.sentence, would_pass: f.wouldPass ?? '', evidence: JSON.stringify(f.evidence), record,
  };
}

function verdictRow(v: Verdict, record: string): HistoryRow {
  return {
    id: v.id, domain: v.domain, observation_id: v.observationId, tap_id: v.tapId, epoch: v.epoch, call_id: v.callId, phase: v.phase,
    agent: v.agent.name, role: v.agent.role, server: v.server, session: v.session, tool: v.tool, impact: v.impact, tier: v.tier,
    kind: v.kind, mode: v.mode, reason_codes: v.reasons.map(({ code }) => code), reasons: JSON.stringify(v.reasons),
    finding_ids: v.findingIds, missing: v.missing, policy_version: v.policyVersion, action_digest: v.actionDigest,
    waited_ms: v.waitedMs, quarantine_id: v.quarantineId ?? '', record,
  };
}

function decisionRow(d: Decision, record: string): HistoryRow {
  return {
    id: d.id, domain: d.domain, kind: d.kind, person: d.by, via: d.via, outcome: d.outcome, cause: d.cause ?? '', message: d.message ?? '',
    approval_id: d.approvalId ?? '', call_id: d.callId ?? '', tap_id: d.tapId ?? '', action_digest: d.actionDigest ?? '',
    display_digest: d.displayDigest ?? '', subject: d.subject ?? '', subject_digest: d.subjectDigest ?? '', record,
  };
}

function deadLetterRow(d: DeadLetter): HistoryRow {
  return {
    id: d.id, domain: d.domain, topic: d.topic, offset: d.offset, record_id: d.recordId,
    error_class: d.errorClass, error: d.error, component: d.component, raw: d.raw,
  };
}

const yearMin = 1970;
const yearMax = 2200;

function storableTime(at: string, id: string): string {
  const time = new Date(at);
  const year = time.getUTCFullYear();
  if (Number.isNaN(year) || year < yearMin || year > yearMax) throw new TerminalError('schema', `record ${id} names the time ${JSON.stringify(at.slice(0, 40))}, which history cannot keep.`);
  return time.toISOString();
}

function noteText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Half a character has no bytes of its own; it becomes U+FFFD in columns, and stays as written, escaped, in `record`. */
function wellFormed(row: Record<string, unknown>): HistoryRow {
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (typeof value === 'string' && !value.isWellFormed()) row[name] = value.toWellFormed();
  }
  return row;
}
