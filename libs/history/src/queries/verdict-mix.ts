import { ofDomain, since, sinceParams, type NamedQuery } from './named-query.js';

/** `{phase, tier, kind, verdicts, waited_ms_p50, waited_ms_p99}` by phase, tier and kind; quantiles over one row per verdict. */
export const verdictMix: NamedQuery = {
  name: 'verdict-mix',
  sql: `SELECT phase, tier, kind, count() AS verdicts, quantile(0.5)(waited_ms) AS waited_ms_p50, quantile(0.99)(waited_ms) AS waited_ms_p99
FROM verdicts FINAL WHERE ${ofDomain} AND ${since}
GROUP BY phase, tier, kind ORDER BY phase, indexOf(['low', 'medium', 'high', 'critical'], tier), kind`,
  params: sinceParams,
};
