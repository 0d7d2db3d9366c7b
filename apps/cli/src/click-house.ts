import type { ClickHouseOptions } from '@countersign/adapters/history-store/clickhouse';
import { UserError } from './user-error.js';

const needed = ['CLICKHOUSE_USER', 'CLICKHOUSE_PASSWORD', 'CLICKHOUSE_READ_USER', 'CLICKHOUSE_READ_PASSWORD'] as const;

/** The ClickHouse server that the environment names; undefined takes the embedded engine. @throws UserError when half of it is set. */
export function clickHouseOf(env: Readonly<Record<string, string | undefined>>): ClickHouseOptions | undefined {
  const url = env['CLICKHOUSE_URL'];
  if (!url) return undefined;
  const missing = needed.filter((name) => env[name] === undefined);
  if (missing.length > 0) throw new UserError(`CLICKHOUSE_URL is set, but ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} not; set them, or unset CLICKHOUSE_URL to use the embedded engine`);
  const [username = '', password = '', readUsername = '', readPassword = ''] = needed.map((name) => env[name]);
  return { url, username, password, readUsername, readPassword, database: env['CLICKHOUSE_DATABASE'] ?? 'countersign' };
}
