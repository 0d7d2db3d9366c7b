/** Every panel on the real engine: its SQL runs as the reader, answers in time, and answers something. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '@countersign/adapters/clock/system';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { startEngine, type Engine } from '@countersign/adapters/history-store/engine';
import type { Topic } from '@countersign/contracts';
import { createRecorder, migrations, rowOf, type HistoryRow } from '@countersign/history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalsBoard } from './approvals.js';
import { boards } from './boards.js';
import { expandMacros, type MacroValues } from './expand-macros.js';
import { boardJson, isHistory, type BoardSource, type HistoryPanel } from './grafana.js';
import { nowBoard } from './now.js';
import { pipelineHealthBoard } from './pipeline-health.js';
import { samplePast, waitingOf, type Past } from './sample-past.js';

const panelMsMax = 1_000;

it.each(boards)('%s is what its source says (write it anew with `vitest run dashboards -u`)', async (file, board) => {
  await expect(boardJson(board)).toMatchFileSnapshot(`../${file}`);
});

it.each(boards)('%s: panels have distinct titles, a description each, and stay on the grid', (_file, board) => {
  const { panels } = JSON.parse(boardJson(board)) as { panels: { gridPos: Place }[] };
  expect(new Set(board.panels.map(({ title }) => title)).size).toBe(board.panels.length);
  for (const { description } of board.panels) expect(description).toMatch(/`\w|Distinct|Dead/);
  for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  expect(panels.filter((panel, index) => panels.slice(index + 1).some((other) => overlap(panel.gridPos, other.gridPos)))).toEqual([]);
});

it('boards have an identity of their own', () => {
  expect(new Set(boards.map(([, { uid }]) => uid)).size).toBe(boards.length);
});

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

describe('the panels’ SQL on the engine', () => {
  let dir: string;
  let engine: Engine;
  let store: ClickHouseHistoryStore;
  let values: MacroValues;
  let past: Past;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-dashboards-'));
    engine = await startEngine({ dir, log: () => undefined });
    store = await ClickHouseHistoryStore.connect(engine);
    await store.migrate(migrations);
    const nowMs = Date.now();
    values = { fromMs: nowMs - 3_600_000, toMs: nowMs + 60_000, intervalSeconds: 60, variables: { domain: [] } };
    past = samplePast(nowMs);
    await fill(past);
    const [again] = past.observations.slice(5).map((record) => rowOf('observations', { ...record, topic: 'observations', partition: 0, offset: 5 }));
    if (again !== undefined) await store.insert({ table: 'observations', rows: [again], token: 'the same row, from another reader' });
  });
  afterAll(async () => {
    await store.close();
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function fill(sample: Past): Promise<void> {
    const eventLog = new MemoryEventLog();
    let [inserted, all] = [0, 0];
    for (const topic of Object.keys(sample) as Topic[]) {
      all += sample[topic].length;
      await eventLog.append(topic, sample[topic]);
    }
    await new Promise<void>((resolve, reject) => {
      const recorder = createRecorder({
        eventLog, store, clock: new SystemClock(), flushMs: 1,
        telemetry: ({ event, fields }) => {
          if (event === 'RowsInserted') inserted += Number(fields?.['rows']);
          if (inserted === all) recorder.stop().then(resolve, reject);
        },
      });
      recorder.failed.catch(reject);
      recorder.start().catch(reject);
    });
  }

  /** @returns what is wrong with the panel, or undefined. */
  async function faultOf(panel: HistoryPanel, given: MacroValues): Promise<string | undefined> {
    const startMs = performance.now();
    const rows = await store.query(expandMacros(panel.sql, given)).catch((error: Error) => error.message);
    if (typeof rows === 'string') return `its SQL fails: ${rows}`;
    if (performance.now() - startMs > panelMsMax) return 'it takes longer than a second';
    const [row] = rows;
    if (row === undefined) return 'it has no rows';
    const figures = Object.values(row).filter((value) => typeof value === 'number');
    if (panel.kind === 'timeseries' && !('time' in row && figures.length > 0)) return 'a time series needs `time` and a number';
    if (panel.kind === 'stat' && (rows.length !== 1 || figures.length !== 1)) return 'a single figure is one row with one number';
    return undefined;
  }

  const panels = boards.flatMap(([file, { panels: own }]) => own.filter(isHistory).map((panel) => [`${file} · ${panel.title}`, panel] as const));
  it.each(panels)('%s', async (_name, panel) => {
    expect(await faultOf(panel, values)).toBeUndefined();
    expect(await faultOf(panel, { ...values, variables: { domain: ['workshop', "o'hara"] } })).toBeUndefined();
  });

  const rowsOf = (board: BoardSource, title: string): Promise<readonly HistoryRow[]> => {
    const panel = board.panels.filter(isHistory).find((candidate) => candidate.title === title);
    return store.query(expandMacros(panel?.sql ?? '', values));
  };
  const figure = async (board: BoardSource, title: string): Promise<unknown> => Object.values((await rowsOf(board, title))[0] ?? {})[0];
  const sum = (rows: readonly HistoryRow[], column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);

  it('the figures are those of the past that was written', async () => {
    const asked = past.verdicts.filter(({ value }) => value.includes('"kind":"step_up"')).length;
    const waiting = waitingOf(asked);
    expect(await figure(nowBoard, 'Missing observations')).toBe(0);
    expect(await figure(nowBoard, 'Failed open')).toBe(0);
    expect(await figure(nowBoard, 'Set aside')).toBe(1);
    expect(await figure(nowBoard, 'Waiting for a person')).toBe(waiting);
    expect(sum(await rowsOf(nowBoard, 'Verdicts'), 'calls')).toBe(10 * 20);
    expect(await figure(approvalsBoard, 'Asked')).toBe(asked);
    expect(await rowsOf(approvalsBoard, 'Before people')).toHaveLength(waiting);
    expect(sum(await rowsOf(approvalsBoard, 'By reason'), 'approved')).toBe(past.decisions.filter(({ value }) => value.includes('"kind":"approval"') && value.includes('"outcome":"approved"')).length);
    expect((await rowsOf(approvalsBoard, 'Why they ended')).find(({ outcome }) => outcome === 'expired')).toMatchObject({ cause: 'deadline', via: 'deadline', seconds_p50: 900 });
    expect(await figure(approvalsBoard, 'Decided in haste')).toBe(1);
    expect(await figure(pipelineHealthBoard, 'Seen twice')).toBe(1);
    expect(await rowsOf(pipelineHealthBoard, 'Set aside')).toMatchObject([{ component: 'record', topic: 'findings', error_class: 'schema', records: 1, last_error: 'It has no detector.' }]);
    expect(sum(await rowsOf(pipelineHealthBoard, 'Observations by tap'), 'gap')).toBe(0);
    expect((await rowsOf(pipelineHealthBoard, 'Judged without')).every(({ detector }) => detector === 'injection')).toBe(true);
  });

  const planted: readonly (readonly [string, Pick<HistoryPanel, 'kind' | 'sql'>, RegExp])[] = [
    ['a column that is not there', { kind: 'table', sql: 'SELECT colour FROM verdicts' }, /its SQL fails/],
    ['no rows', { kind: 'table', sql: "SELECT id FROM verdicts WHERE id = ''" }, /no rows/],
    ['a time series without time', { kind: 'timeseries', sql: 'SELECT count() AS calls FROM verdicts' }, /needs `time`/],
    ['two figures for one', { kind: 'stat', sql: 'SELECT 1 AS a, 2 AS b' }, /one number/],
    ['a table the reader may not see', { kind: 'table', sql: 'SELECT * FROM system.processes' }, /ACCESS_DENIED/],
  ];
  it.each(planted)('a planted panel with %s is found', async (...row) => {
    const [title, panel, fault] = row;
    expect(await faultOf({ title, description: '', width: 1, height: 1, ...panel }, values)).toMatch(fault);
  });

  it('a macro nobody knows is named', () => {
    expect(() => expandMacros('SELECT $__surprise(at)', values)).toThrow(/\$__surprise is not known/);
  });
});
