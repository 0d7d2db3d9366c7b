/** Every panel on the real engine: its SQL runs as the reader, answers in time, and answers something. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '@countersign/adapters/clock/system';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { startEngine, type Engine } from '@countersign/adapters/history-store/engine';
import type { Topic } from '@countersign/contracts';
import { createRecorder, migrations } from '@countersign/history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleHistory } from '../apps/record/src/sample-history.js';
import { expandMacros, type MacroValues } from './expand-macros.js';
import { boardJson, type BoardSource, type PanelSource } from './grafana.js';
import { nowBoard } from './now.js';

const boards: readonly (readonly [string, BoardSource])[] = [['0-now.json', nowBoard]];
const panelMsMax = 1_000;

it.each(boards)('%s is what its source says (write it anew with `vitest run dashboards -u`)', async (file, board) => {
  await expect(boardJson(board)).toMatchFileSnapshot(file);
});

it.each(boards)('%s: panels have distinct titles, a description each, and stay on the grid', (_file, board) => {
  const { panels } = JSON.parse(boardJson(board)) as { panels: { gridPos: { x: number; w: number } }[] };
  expect(new Set(board.panels.map(({ title }) => title)).size).toBe(board.panels.length);
  for (const { description } of board.panels) expect(description).toMatch(/`\w|Verdicts|Age|Distinct|Dead/);
  for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
});

describe('the panels’ SQL on the engine', () => {
  let dir: string;
  let engine: Engine;
  let store: ClickHouseHistoryStore;
  let values: MacroValues;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-dashboards-'));
    engine = await startEngine({ dir, log: () => undefined });
    store = await ClickHouseHistoryStore.connect(engine);
    await store.migrate(migrations);
    const nowMs = Date.now();
    values = { fromMs: nowMs - 3_600_000, toMs: nowMs + 60_000, intervalSeconds: 60, variables: { domain: [] } };
    await fill(sampleHistory({ seed: 8, sessions: 10, callsPerSession: 20, startMs: nowMs - 11 * 60_000 }));
  });
  afterAll(async () => {
    await store.close();
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function fill(sample: ReturnType<typeof sampleHistory>): Promise<void> {
    const eventLog = new MemoryEventLog();
    let [inserted, all] = [0, 0];
    for (const topic of Object.keys(sample) as (keyof typeof sample & Topic)[]) {
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
  async function faultOf(panel: PanelSource, given: MacroValues): Promise<string | undefined> {
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

  const panels = boards.flatMap(([file, { panels: own }]) => own.map((panel) => [`${file} · ${panel.title}`, panel] as const));
  it.each(panels)('%s', async (_name, panel) => {
    expect(await faultOf(panel, values)).toBeUndefined();
    expect(await faultOf(panel, { ...values, variables: { domain: ['workshop', "o'hara"] } })).toBeUndefined();
  });

  it('the figures are those of the past that was written', async () => {
    const figure = async (title: string): Promise<unknown> => {
      const panel = nowBoard.panels.find((candidate) => candidate.title === title);
      return Object.values((await store.query(expandMacros(panel?.sql ?? '', values)))[0] ?? {})[0];
    };
    expect(await figure('Missing observations')).toBe(0);
    expect(await figure('Failed open')).toBe(0);
    expect(await figure('Waiting for a person')).toBe(0);
    const verdicts = nowBoard.panels.find(({ title }) => title === 'Verdicts');
    const rows = await store.query(expandMacros(verdicts?.sql ?? '', values));
    expect(rows.reduce((sum, { calls }) => sum + Number(calls), 0)).toBe(10 * 20);
  });

  const planted: readonly (readonly [string, Pick<PanelSource, 'kind' | 'sql'>, RegExp])[] = [
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
