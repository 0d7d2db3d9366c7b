/**
 * What happened, as people's pages show it; read from history.
 * RE1. Reads only, of one domain, over the last `daysShown` days, with a limit on every list.
 * RE2. History runs a little behind the ledger; a page is told again when things are quiet (`live-news`).
 */
import { namedQueries, type HistoryRow, type HistoryStore } from '@countersign/history';
import type { Clock } from '@countersign/pipeline';
import type { AgentRow, QuarantineRow, SessionPage, SessionRow, ToolRow } from '../shared/api.js';
import { callView, evidenceIn, reasonsIn, severityIn } from './call-views.js';
import { attestations, definitions, pendingChanges, sessionByKey, stopsSince, withheld } from './queries.js';
import { countOf, maybeTextOf, textOf, textsOf, timeOf } from './read-row.js';
import { sessionKeyOf } from './session-key.js';

const daysShown = 30;
const dayMs = 86_400_000;
const sessionsMax = 300;
const callsMax = 500;
const agentsMax = 300;
const toolsMax = 1_000;
const withheldMax = 200;

const attestationStates = {
  attested: 'attested',
  'attestation-absent': 'absent',
  'attestation-changed': 'changed',
  'attestation-invalid': 'invalid',
  'attestation-conflict': 'conflict',
} as const satisfies Record<string, AgentRow['attestation']['state']>;

export interface RecordsOptions {
  readonly history: HistoryStore;
  readonly domain: string;
  readonly clock: Clock;
}

export class Records {
  constructor(private readonly options: RecordsOptions) {}

  async stopsSince(sinceMs: number): Promise<number> {
    const [row] = await this.#ask(stopsSince, { sinceMs });
    return row ? countOf(row, 'stops') : 0;
  }

  async sessions(): Promise<readonly SessionRow[]> {
    return (await this.#ask(namedQueries.sessions.sql, { limit: sessionsMax })).map((row) => this.#sessionView(row));
  }

  /** @returns undefined when no session has this key. */
  async session(key: string): Promise<SessionPage | undefined> {
    const [named] = await this.#ask(sessionByKey, { key });
    if (!named) return undefined;
    const session = textOf(named, 'session');
    const calls = (await this.#ask(namedQueries.sessionCalls.sql, { session, limit: callsMax })).map(callView);
    const row = (await this.sessions()).find((listed) => listed.key === key);
    return row && { session: row, calls };
  }

  async agents(): Promise<readonly AgentRow[]> {
    const [rows, states] = await Promise.all([this.#ask(namedQueries.agents.sql, { limit: agentsMax }), this.#ask(attestations, {})]);
    const stateOf = new Map(states.map((row) => [textOf(row, 'agent'), attestationView(row)]));
    return rows.map((row) => ({
      name: textOf(row, 'agent'), role: textOf(row, 'role'), sessions: countOf(row, 'sessions'), calls: countOf(row, 'calls'), stops: countOf(row, 'stopped'),
      firstAtMs: timeOf(row, 'first_seen_at'), lastAtMs: timeOf(row, 'last_seen_at'),
      attestation: stateOf.get(textOf(row, 'agent')) ?? { state: 'unknown', sentence: 'No call of this agent has been checked for an attestation yet.' },
    }));
  }

  async tools(): Promise<readonly ToolRow[]> {
    const [rows, described, changes] = await Promise.all([this.#ask(namedQueries.tools.sql, { limit: toolsMax }), this.#ask(definitions, { limit: toolsMax * 4 }), this.#ask(pendingChanges, {})]);
    const byTool = grouped(described, toolKeyOf);
    const changeOf = new Map(changes.map((row) => [textOf(row, 'subject'), row]));
    return rows.map((row) => toolView(row, byTool.get(toolKeyOf(row)) ?? [], changeOf.get(`${textOf(row, 'server')}/${textOf(row, 'tool')}`)));
  }

  async quarantine(): Promise<readonly QuarantineRow[]> {
    return (await this.#ask(withheld, { limit: withheldMax })).map((row) => this.#withheldView(row));
  }

  #withheldView(row: HistoryRow): QuarantineRow {
    const by = maybeTextOf(row, 'released_by');
    const message = maybeTextOf(row, 'message');
    return {
      id: textOf(row, 'quarantine_id'), atMs: timeOf(row, 'at'), agent: { name: textOf(row, 'agent'), role: textOf(row, 'role') },
      session: { key: this.#keyOf(row), name: textOf(row, 'session') }, server: textOf(row, 'server'), tool: textOf(row, 'tool'),
      reasons: reasonsIn(textOf(row, 'reasons')), evidence: textsOf(row, 'evidence').flatMap(evidenceIn),
      ...(by === undefined ? {} : { released: { by, atMs: timeOf(row, 'released_at'), ...(message === undefined ? {} : { message }) } }),
    };
  }

  #sessionView(row: HistoryRow): SessionRow {
    const task = maybeTextOf(row, 'task');
    return {
      key: this.#keyOf(row), name: textOf(row, 'session'), ...(task === undefined ? {} : { task }),
      agent: { name: textOf(row, 'agent'), role: textOf(row, 'role') }, servers: textsOf(row, 'servers'),
      startedAtMs: timeOf(row, 'started_at'), lastAtMs: timeOf(row, 'last_at'), calls: countOf(row, 'calls'), stops: countOf(row, 'stopped'), stepUps: countOf(row, 'stepped_up'),
      worst: severityIn(textOf(row, 'worst')),
    };
  }

  #keyOf(row: HistoryRow): string {
    return sessionKeyOf({ domain: this.options.domain, session: textOf(row, 'session') });
  }

  #ask(sql: string, params: Readonly<Record<string, string | number>>): Promise<readonly HistoryRow[]> {
    const { history, domain, clock } = this.options;
    return history.query(sql, { domain, sinceMs: Math.floor(clock.wallMs() - daysShown * dayMs), ...params });
  }
}

function attestationView(row: HistoryRow): AgentRow['attestation'] {
  const kind = textOf(row, 'kind');
  const state = Object.entries(attestationStates).find(([word]) => word === kind)?.[1] ?? 'unknown';
  const isRegistered = countOf(row, 'registered') === 1;
  const hash = textOf(row, 'state');
  const mayRegister = state === 'changed' && !isRegistered && /^[0-9a-f]{64}$/.test(hash);
  const sentence = isRegistered && state === 'changed' ? 'A person registered the state this agent shows; its next call is judged by it.' : textOf(row, 'sentence');
  return { state: isRegistered && state === 'changed' ? 'attested' : state, sentence, atMs: timeOf(row, 'at'), ...(mayRegister ? { registrable: hash } : {}) };
}

function toolView(row: HistoryRow, described: readonly HistoryRow[], change: HistoryRow | undefined): ToolRow {
  const texts = described.map((definition) => ({ text: prettyJson(textOf(definition, 'definition')), firstSeenAtMs: timeOf(definition, 'first_at'), lastSeenAtMs: timeOf(definition, 'last_at') }));
  const digest = change && evidenceIn(textOf(change, 'evidence')).flatMap(({ note }) => /\b[0-9a-f]{64}\b/.exec(note ?? '') ?? []).at(0);
  return {
    server: textOf(row, 'server'), tool: textOf(row, 'tool'), calls: countOf(row, 'calls'), stops: countOf(row, 'stopped'), definitions: texts,
    ...(change && digest ? { pendingChange: { digest, sentence: textOf(change, 'sentence'), atMs: timeOf(change, 'at') } } : {}),
  };
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

function toolKeyOf(row: HistoryRow): string {
  return JSON.stringify([row['server'], row['tool']]);
}

/** One member a line, so that a difference is easy to find. */
function prettyJson(text: string): string {
  return JSON.stringify(JSON.parse(text), null, 2);
}
