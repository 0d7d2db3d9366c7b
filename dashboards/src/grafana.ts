/**
 * The little of Grafana's dashboard format that we write, typed. Boards are made from TypeScript and never exported from a running Grafana.
 * GR1. Every panel says in its description which query or table it shows.
 * GR2. Panels of history ask as the read-only user, in SQL the engine runs after its macros are expanded (`expand-macros.ts`).
 * GR3. Panels of metrics are built by `metrics.ts`, from metrics that the services expose.
 */
const plugin = { type: 'grafana-clickhouse-datasource', version: '4.20.0' } as const;
const datasource = { type: plugin.type, uid: '${datasource}' } as const;
const metricsSource = { type: 'prometheus', uid: '${metrics}' } as const;
/** Columns of Grafana's grid. */
const gridWidth = 24;

export type Kind = 'stat' | 'timeseries' | 'table';

interface PanelFrame {
  readonly title: string;
  readonly description: string;
  readonly kind: Kind;
  /** A heading above this panel, which begins a new line. */
  readonly row?: string;
  /** Grafana's unit id, e.g. `s`, `reqps`, `short`. */
  readonly unit?: string;
  /** A figure from here on is shown red; for figures that must stay under it. */
  readonly alarmFrom?: number;
  /** Of 24. */
  readonly width: number;
  readonly height: number;
}

export interface HistoryPanel extends PanelFrame {
  readonly sql: string;
}

/** One line of a panel of metrics, or several where it splits by label. */
export interface MetricQuery {
  readonly expr: string;
  /** Grafana's notation for a label's value is `{{label}}`. */
  readonly legend: string;
}

export interface MetricPanel extends PanelFrame {
  readonly metrics: readonly MetricQuery[];
}

export type PanelSource = HistoryPanel | MetricPanel;

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

export function isHistory(panel: PanelSource): panel is HistoryPanel {
  return 'sql' in panel;
}

function dashboardOf({ uid, title, description, panels }: BoardSource): object {
  const list = [datasourceVariable, ...(panels.every(isHistory) ? [] : [metricsVariable]), domainVariable];
  return {
    uid, title, description, schemaVersion: 39, editable: false, graphTooltip: 1, refresh: '10s', tags: ['countersign'], timezone: 'browser',
    time: { from: 'now-1h', to: 'now' },
    templating: { list },
    panels: placed(panels).map(({ panel, gridPos }, index) => ({ id: index + 1, gridPos, ...(typeof panel === 'string' ? headingOf(panel) : panelOf(panel)) })),
  };
}

const datasourceVariable = { type: 'datasource', name: 'datasource', label: 'History', query: plugin.type, current: {}, hide: 0 };
const metricsVariable = { type: 'datasource', name: 'metrics', label: 'Metrics', query: metricsSource.type, current: {}, hide: 0 };
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

/** A panel, or the text of a heading. */
interface Placed {
  readonly panel: PanelSource | string;
  readonly gridPos: GridPosition;
}

/** Left to right; a panel that does not fit, or has a heading, begins a new line under the tallest of the last. */
function placed(panels: readonly PanelSource[]): readonly Placed[] {
  const all: Placed[] = [];
  let [x, y, lineHeight] = [0, 0, 0];
  for (const panel of panels) {
    if (panel.row !== undefined || x + panel.width > gridWidth) [x, y, lineHeight] = [0, y + lineHeight, 0];
    if (panel.row !== undefined) {
      all.push({ panel: panel.row, gridPos: { x, y, w: gridWidth, h: 1 } });
      y += 1;
    }
    all.push({ panel, gridPos: { x, y, w: panel.width, h: panel.height } });
    x += panel.width;
    lineHeight = Math.max(lineHeight, panel.height);
  }
  return all;
}

function headingOf(title: string): object {
  return { type: 'row', title, collapsed: false, panels: [] };
}

function panelOf(panel: PanelSource): object {
  const { title, description, kind, unit = 'short', alarmFrom } = panel;
  const steps = [{ color: 'green', value: null }, ...(alarmFrom === undefined ? [] : [{ color: 'red', value: alarmFrom }])];
  return {
    type: kind, title, description, datasource: isHistory(panel) ? datasource : metricsSource, interval: '1m',
    targets: isHistory(panel) ? [historyTarget(panel)] : panel.metrics.map((query, index) => metricTarget(kind, query, index)),
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options: kind === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: alarmFrom === undefined ? 'none' : 'background' } : {},
  };
}

function historyTarget({ kind, sql }: HistoryPanel): object {
  const isSeries = kind === 'timeseries';
  return { refId: 'A', datasource, pluginVersion: plugin.version, editorType: 'sql', format: isSeries ? 0 : 1, queryType: isSeries ? 'timeseries' : 'table', rawSql: sql };
}

function metricTarget(kind: Kind, { expr, legend }: MetricQuery, index: number): object {
  const isSeries = kind === 'timeseries';
  return { refId: String.fromCharCode(65 + index), datasource: metricsSource, editorMode: 'code', format: kind === 'table' ? 'table' : 'time_series', range: isSeries, instant: !isSeries, expr, legendFormat: legend };
}
