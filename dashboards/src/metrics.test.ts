/** Panels of metrics ask for what the services expose, and for nothing that no part of them tells. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../libs/service/src/metrics.js';
import { metricRows } from '../../libs/service/src/metric-rows.js';
import { boards } from './boards.js';
import { isHistory } from './grafana.js';
import { exposedMetrics, level, perSecond, quantile } from './metrics.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const queries = boards.flatMap(([, { panels }]) => panels.flatMap((panel) => (isHistory(panel) ? [] : panel.metrics.map(({ expr }) => [panel.title, expr] as const))));
const namesIn = (expr: string): readonly string[] => [...expr.matchAll(/countersign_(\w+)/g)].map(([, name]) => String(name).replace(/_bucket$/, ''));

describe('metrics on the boards', () => {
  it('there are some', () => {
    expect(queries.length).toBeGreaterThan(8);
  });

  it('are those of a service’s own registry, of the kind it says', async () => {
    const exposed = new Map([...(await createMetrics().text()).matchAll(/^# TYPE countersign_(\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]));
    for (const [name, { kind }] of exposedMetrics) expect(exposed.get(name), name).toBe(kind);
    for (const [title, expr] of queries) for (const name of namesIn(expr)) expect(exposed.has(name), `${title}: ${name}`).toBe(true);
  });

  it('are fed by an event that some source tells', () => {
    const told = toldEvents();
    const fed = new Set(metricRows.filter(({ event }) => told.has(event)).map(({ metric }) => metric)).add('events_total');
    expect(queries.flatMap(([title, expr]) => namesIn(expr).filter((name) => !fed.has(name)).map((name) => `${title}: ${name}`))).toEqual([]);
  });

  it('are split by labels they have, and every bracket closes', () => {
    for (const [title, expr] of queries) {
      const [name = ''] = namesIn(expr);
      const by = [.../by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? []].filter((label) => label !== 'le' && label !== 'job');
      for (const label of by) expect(exposedMetrics.get(name)?.labels, title).toContain(label);
      expect([...expr].filter((char) => '([{'.includes(char)).length, title).toBe([...expr].filter((char) => ')]}'.includes(char)).length);
    }
  });

  it.each([
    ['a name nobody exposes', () => perSecond('surprises_total')],
    ['a kind it is not', () => quantile(0.5, 'records_total')],
    ['a label it has not', () => level('gate_connected', ['agent'])],
  ])('a query for %s is refused when the board is made', (_what, make) => {
    expect(make).toThrow(/no service exposes|has no label/);
  });
});

/** Names of events in the sources of services and libraries, the table of metrics and tests left out. */
function toldEvents(): ReadonlySet<string> {
  const told = new Set<string>();
  for (const room of ['apps', 'libs']) {
    for (const file of readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })) {
      if (!/\/src\/.*\.ts$/.test(file) || /node_modules|\/dist\/|\.test\.ts$|metric-rows\.ts$/.test(file)) continue;
      for (const [, name] of readFileSync(join(root, room, file), 'utf8').matchAll(/'([A-Z][a-z]+[A-Za-z]+)'/g)) told.add(String(name));
    }
  }
  return told;
}
