/**
 * The little of Grafana's dashboard format that we write, typed. Boards are made from TypeScript and never exported from a running Grafana.
 * GR1. Every panel says in its description which query or table it shows.
 * GR2. Panels ask as the read-only user, in SQL the engine runs after its macros are expanded (`expand-macros.ts`).
 */
const plugin = { type: 'grafana-clickhouse-datasource', version: '4.20.0' } as const;
const datasource = { type: plugin.type, uid: '${datasource}' } as const;
/** Columns of Grafana's grid. */
const gridWidth = 24;

export type Kind = 'stat' | 'timeseries' | 'table';

export interface PanelSource {
  readonly title: string;
  readonly description: string;
  readonly kind: Kind;
  readonly sql: string;
  /** Grafana's unit id, e.g. `s`, `reqps`, `short`. */
  readonly unit?: string;
  /** A figure from here on is shown red; for figures that must stay under it. */
  readonly alarmFrom?: number;
  /** Of 24. */
  readonly width: number;
  readonly height: number;
}

export interface BoardSource {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly PanelSource[];
}

/** @returns the board as Grafana reads it; the same source gives the same text. */
export function boardJson(board: BoardSource): string {
  return `${JSON.stringify(dashboardOf(board), null, 2)}\n`;
}

/** Rows of the chosen domains; the variable's "All" lifts the condition. */
export const chosenDomain = '$__conditionalAll(domain IN (${domain:singlequote}), $domain)';

function dashboardOf({ uid, title, description, panels }: BoardSource): object {
  return {
    uid, title, description, schemaVersion: 39, editable: false, graphTooltip: 1, refresh: '10s', tags: ['countersign'], timezone: 'browser',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [datasourceVariable, domainVariable] },
    panels: placed(panels).map(({ panel, gridPos }, index) => panelOf(panel, { id: index + 1, gridPos })),
  };
}

const datasourceVariable = { type: 'datasource', name: 'datasource', label: 'History', query: plugin.type, current: {}, hide: 0 };
const domainVariable = {
  type: 'query', name: 'domain', label: 'Domain', datasource, multi: true, includeAll: true, refresh: 2, sort: 1, current: { text: ['All'], value: ['$__all'] },
  query: { editorType: 'sql', rawSql: 'SELECT DISTINCT domain FROM calls_1m ORDER BY domain' },
};

interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Left to right; a panel that does not fit begins a new line under the tallest of the last. */
function placed(panels: readonly PanelSource[]): readonly { panel: PanelSource; gridPos: GridPosition }[] {
  let [x, y, lineHeight] = [0, 0, 0];
  return panels.map((panel) => {
    if (x + panel.width > gridWidth) [x, y, lineHeight] = [0, y + lineHeight, 0];
    const gridPos = { x, y, w: panel.width, h: panel.height };
    x += panel.width;
    lineHeight = Math.max(lineHeight, panel.height);
    return { panel, gridPos };
  });
}

function panelOf({ title, description, kind, sql, unit = 'short', alarmFrom }: PanelSource, place: { id: number; gridPos: GridPosition }): object {
  const steps = [{ color: 'green', value: null }, ...(alarmFrom === undefined ? [] : [{ color: 'red', value: alarmFrom }])];
  return {
    ...place, type: kind, title, description, datasource, interval: '1m',
    targets: [{ refId: 'A', datasource, pluginVersion: plugin.version, editorType: 'sql', format: kind === 'timeseries' ? 0 : 1, queryType: kind === 'timeseries' ? 'timeseries' : 'table', rawSql: sql }],
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options: kind === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: alarmFrom === undefined ? 'none' : 'background' } : {},
  };
}
