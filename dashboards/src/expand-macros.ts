/** The data source's macros, expanded as the plugin does, so that a panel's SQL can be run without a Grafana. */
export interface MacroValues {
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalSeconds: number;
  /** Chosen values by variable; none stands for "All". */
  readonly variables: Readonly<Record<string, readonly string[]>>;
}

/** @throws when a macro or variable is left that this does not know: better here than on somebody's wall. */
export function expandMacros(sql: string, { fromMs, toMs, intervalSeconds, variables }: MacroValues): string {
  const seconds = (ms: number): string => `toDateTime(${Math.floor(ms / 1000)})`;
  const milliseconds = (ms: number): string => `fromUnixTimestamp64Milli(${ms})`;
  const expanded = sql
    .replace(/\$__conditionalAll\((.*?),\s*\$(\w+)\)/g, (_, condition: string, name: string) => ((variables[name] ?? []).length === 0 ? '1=1' : condition))
    .replace(/\$__timeFilter_ms\(([^)]+)\)/g, (_, column: string) => `${column} >= ${milliseconds(fromMs)} AND ${column} <= ${milliseconds(toMs)}`)
    .replace(/\$__timeFilter\(([^)]+)\)/g, (_, column: string) => `${column} >= ${seconds(fromMs)} AND ${column} <= ${seconds(toMs)}`)
    .replace(/\$__timeInterval_ms\(([^)]+)\)/g, (_, column: string) => `toStartOfInterval(toDateTime64(${column}, 3), INTERVAL ${intervalSeconds * 1000} millisecond)`)
    .replace(/\$__timeInterval\(([^)]+)\)/g, (_, column: string) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${intervalSeconds} second)`)
    .replace(/\$__interval_s/g, String(intervalSeconds))
    .replace(/\$\{(\w+):singlequote\}/g, (_, name: string) => (variables[name] ?? []).map((value) => `'${value.replace(/'/g, "\\'")}'`).join(','));
  const left = /\$[_{\w]+/.exec(expanded);
  if (left) throw new Error(`the macro or variable ${left[0]} is not known`);
  return expanded;
}
