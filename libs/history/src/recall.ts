/**
 * From a source to everything that carried its values, and from a call back to where its values came from.
 * RE1. Edges are those that provenance recorded when it saw them; what it let go of, or was never shown, has none.
 * RE2. Bounded: `stepsMax` steps and `nodesMax` observations; an answer that was cut off says so.
 * RE3. Reads history only. Condemning a source is policy (`recalled`), not this.
 */
import type { HistoryRow, HistoryStore } from './history-store.js';
import { namedQueries } from './queries/index.js';

const stepsMax = 32;
const nodesMax = 20_000;
const edgesPerStepMax = 50_000;
const idsPerQueryMax = 1_000;

export interface Reached {
  /** Observation id. */
  readonly id: string;
  readonly callId: string;
  /** `request` (a call's arguments), `result`, or '' for what came without a call. */
  readonly phase: string;
  readonly at: string;
  readonly agent: string;
  readonly session: string;
  readonly server: string;
  /** Tool, or the method of what came without a call. */
  readonly tool: string;
  /** Steps from where the question began. */
  readonly steps: number;
  /** The edge that led here first. */
  readonly via: { readonly source: string; readonly target: string; readonly kinds: readonly string[]; readonly path: string; readonly note: string };
}

export interface CarryingCall {
  readonly callId: string;
  readonly at: string;
  readonly agent: string;
  readonly session: string;
  readonly server: string;
  readonly tool: string;
  readonly impact: string;
  readonly steps: number;
  /** The edge that joins it: the observation whose values it carried, and that which held them next. */
  readonly from: string;
  readonly to: string;
  readonly verdict: string;
  /** Did it reach its server? It did when it was forwarded or answered; a call nobody held and nobody answered is told as sent. */
  readonly executed: boolean;
}

export interface Recall {
  /** The observations the question was about; empty: history knows no such id. */
  readonly asked: readonly string[];
  readonly calls: readonly CarryingCall[];
  /** Everything reached, results and resources too, nearest first. */
  readonly reached: readonly Reached[];
  /** There was more than the bounds allow. */
  readonly cutOff: boolean;
}

/** Calls that carried values of a source (an observation's or a call's id), through files, memories and other agents; in the order they were made. */
export function descendantsOf(store: HistoryStore, id: string): Promise<Recall> {
  return followed(store, id, 'from');
}

/** Calls and texts that a call's values came from, nearest first. */
export function ancestorsOf(store: HistoryStore, id: string): Promise<Recall> {
  return followed(store, id, 'to');
}

type Found = Pick<Reached, 'id' | 'steps' | 'via'>;

async function followed(store: HistoryStore, id: string, way: 'from' | 'to'): Promise<Recall> {
  const asked = await observationsOf(store, [id]);
  const domain = text([...asked.values()][0], 'domain');
  const found = new Map<string, Found>([...asked.keys()].map((key) => [key, { id: key, steps: 0, via: { source: '', target: '', kinds: [], path: '', note: '' } }]));
  let cutOff = false;
  let frontier = [...asked.keys()];
  for (let step = 1; frontier.length > 0; step++) {
    if (step > stepsMax || found.size > nodesMax) {
      cutOff = true;
      break;
    }
    const edges = await store.query((way === 'from' ? namedQueries.edgesFrom : namedQueries.edgesTo).sql, { domain, ids: JSON.stringify(frontier), limit: edgesPerStepMax });
    cutOff ||= edges.length >= edgesPerStepMax;
    frontier = edges.flatMap((edge) => newlyFound(edge, { way, step, found }));
  }
  const others = [...found.values()].filter(({ steps }) => steps > 0);
  const known = await observationsOf(store, others.map((one) => one.id));
  const reached = others.map((one): Reached => ({ ...one, ...told(known.get(one.id)) }));
  return { asked: [...asked.keys()], reached, calls: await callsOf(store, reached), cutOff };
}

function newlyFound(edge: HistoryRow, { way, step, found }: { way: 'from' | 'to'; step: number; found: Map<string, Found> }): string[] {
  const id = text(edge, way === 'from' ? 'target' : 'source');
  if (found.has(id)) return [];
  const kinds = edge['kinds'];
  found.set(id, { id, steps: step, via: { source: text(edge, 'source'), target: text(edge, 'target'), kinds: Array.isArray(kinds) ? kinds.map(String) : [], path: text(edge, 'path'), note: text(edge, 'note') } });
  return [id];
}

async function observationsOf(store: HistoryStore, ids: readonly string[]): Promise<ReadonlyMap<string, HistoryRow>> {
  const found = new Map<string, HistoryRow>();
  for (let at = 0; at < ids.length; at += idsPerQueryMax) {
    const rows = await store.query(namedQueries.namedObservations.sql, { ids: JSON.stringify(ids.slice(at, at + idsPerQueryMax)), limit: nodesMax });
    for (const row of rows) found.set(text(row, 'id'), row);
  }
  return found;
}

function told(row: HistoryRow | undefined): Pick<Reached, 'callId' | 'phase' | 'at' | 'agent' | 'session' | 'server' | 'tool'> {
  return {
    callId: text(row, 'call_id'), phase: text(row, 'phase'), at: text(row, 'at'), agent: text(row, 'agent'), session: text(row, 'session'), server: text(row, 'server'),
    tool: text(row, 'tool') || text(row, 'method'),
  };
}

async function callsOf(store: HistoryStore, reached: readonly Reached[]): Promise<readonly CarryingCall[]> {
  const found: CarryingCall[] = [];
  const byRequest = new Map(reached.map((one) => [one.id, one]));
  const named = [...new Set(reached.flatMap(({ callId, phase }) => (phase === 'request' ? [callId] : [])))];
  for (let at = 0; at < named.length; at += idsPerQueryMax) {
    const rows = await store.query(namedQueries.reachedCalls.sql, { ids: JSON.stringify(named.slice(at, at + idsPerQueryMax)), limit: nodesMax });
    for (const row of rows) {
      const one = byRequest.get(text(row, 'request_id'));
      if (one !== undefined) found.push(callOf(row, one));
    }
  }
  return found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function callOf(row: HistoryRow, { steps, via }: Reached): CarryingCall {
  const ended = text(row, 'ended');
  const isHeldBack = ended !== '' && ended !== 'forwarded';
  const waits = row['waits'] === true || row['waits'] === 1;
  const answered = row['answered'] === true || Number(row['answered']) === 1;
  return {
    callId: text(row, 'call_id'), at: text(row, 'at'), agent: text(row, 'agent'), session: text(row, 'session'), server: text(row, 'server'), tool: text(row, 'tool'), impact: text(row, 'impact'),
    steps, from: via.source, to: via.target, verdict: text(row, 'verdict'), executed: !isHeldBack && (answered || ended === 'forwarded' || !waits),
  };
}

function text(row: HistoryRow | undefined, name: string): string {
  const value = row?.[name];
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value as number | boolean);
}
