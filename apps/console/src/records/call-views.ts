/** Rows of `session-calls` as the page shows them. Pure. */
import { evidenceSchema, impacts, reasonSchema, severities, tiers, verdictKinds, type Severity } from '@countersign/contracts';
import type { HistoryRow } from '@countersign/history';
import { z } from 'zod';
import type { CallRow, FindingRow, VerdictRow } from '../shared/api.js';
import { countOf, maybeCountOf, maybeTextOf, rowsOf, textOf, textsOf, timeOf } from './read-row.js';

const reasonsSchema = z.array(reasonSchema);
const evidencesSchema = z.array(evidenceSchema);

export function callView(row: HistoryRow): CallRow {
  const durationMs = maybeCountOf(row, 'duration_ms');
  const outcome = maybeTextOf(row, 'outcome');
  const message = maybeTextOf(row, 'message');
  return {
    callId: textOf(row, 'call_id'), atMs: timeOf(row, 'at'), server: textOf(row, 'server'), tool: textOf(row, 'tool'),
    tier: oneOf(tiers, textOf(row, 'tier'), 'critical'), tierRule: textOf(row, 'tier_rule'), impact: oneOf(impacts, textOf(row, 'impact'), 'irreversible'),
    waits: row['waits'] === true,
    verdicts: verdictsOf(row),
    findings: rowsOf(row, 'findings').map((finding) => findingView(finding, textOf(row, 'request_id'))),
    ...present('argumentsJson', maybeTextOf(row, 'request')),
    ...present('resultJson', maybeTextOf(row, 'result')),
    ...present('task', maybeTextOf(row, 'task')),
    ...present('held', maybeTextOf(row, 'ended') === undefined ? undefined : { end: textOf(row, 'ended'), heldMs: countOf(row, 'held_ms') }),
    ...present('answeredAfterMs', durationMs),
    ...(durationMs === undefined ? {} : { isError: row['is_error'] === true }),
    ...present('decided', outcome === undefined ? undefined : { outcome, person: textOf(row, 'person'), ...present('message', message) }),
  };
}

export function reasonsIn(json: string): VerdictRow['reasons'] {
  return json === '' ? [] : reasonsSchema.parse(JSON.parse(json));
}

export function evidenceIn(json: string): FindingRow['evidence'] {
  return (json === '' ? [] : evidencesSchema.parse(JSON.parse(json))).map(({ path, text, note }) => ({ ...present('path', path), ...present('text', text), ...present('note', note) }));
}

export function severityIn(word: string): Severity {
  return oneOf(severities, word, 'none');
}

function verdictsOf(row: HistoryRow): readonly VerdictRow[] {
  const shared = { mode: textOf(row, 'mode') === 'observe' ? 'observe' : 'enforce', policyVersion: textOf(row, 'policy_version') } as const;
  const request = verdictKinds.find((kind) => kind === row['verdict']);
  const result = verdictKinds.find((kind) => kind === row['result_verdict']);
  return [
    ...(request ? [{ ...shared, phase: 'request' as const, kind: request, reasons: reasonsIn(textOf(row, 'reasons')), missing: textsOf(row, 'missing'), ...present('waitedMs', maybeCountOf(row, 'waited_ms')) }] : []),
    ...(result ? [{ ...shared, phase: 'result' as const, kind: result, reasons: reasonsIn(textOf(row, 'result_reasons')), missing: [], ...present('quarantineId', maybeTextOf(row, 'quarantine_id')) }] : []),
  ];
}

function findingView(row: HistoryRow, requestId: string): FindingRow {
  const gate = textOf(row, 'gate');
  return {
    detector: textOf(row, 'detector'), kind: textOf(row, 'kind'), severity: severityIn(textOf(row, 'severity')), sentence: textOf(row, 'sentence'),
    phase: textOf(row, 'observation_id') === requestId ? 'request' : 'result', evidence: evidenceIn(textOf(row, 'evidence')),
    ...(gate === 'deny' || gate === 'hold' ? { gate } : {}),
    ...present('wouldPass', maybeTextOf(row, 'would_pass')),
    ...present('pValue', maybeCountOf(row, 'p_value')),
    ...present('sampleSize', maybeCountOf(row, 'sample_size')),
    ...present('score', maybeCountOf(row, 'score')),
  };
}

function oneOf<T extends string>(words: readonly T[], word: string, otherwise: T): T {
  return words.find((known) => known === word) ?? otherwise;
}

function present<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}
