/** The commands of docs/run-distributed.md for backup, restore and retention, on the engine with this folder's settings. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { migrations } from '@countersign/history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, writer, type StartedServer } from './started-server.js';

const page = readFileSync(new URL('../../../docs/run-distributed.md', import.meta.url), 'utf8');
const letter = (id: string, at: string): Record<string, unknown> => ({ id, domain: 'd', at, topic: 'findings', offset: 0, record_id: id, error_class: 'schema', error: '', component: 'record', raw: '' });

describe('what the operator does to history', () => {
  let server: StartedServer;
  let operator: ClickHouseClient;
  beforeAll(async () => {
    server = await startServer();
    // Not in the database that comes and goes.
    operator = createClient({ url: server.url, ...writer, database: 'default' });
    await server.store.migrate(migrations);
    await server.store.insert({ table: 'dead_letters', rows: [letter('january', '2026-01-15T00:00:00.000Z'), letter('march', '2026-03-15T00:00:00.000Z')], token: 't' });
  });
  afterAll(async () => {
    await operator?.close();
    await server?.stop();
  });
  /** The command as the page has it, with the page's folder in this test's. */
  const documented = (begin: string): string => {
    const command = new RegExp(`\`(${begin}[^\`]*)\``).exec(page)?.[1] ?? new RegExp(`^(${begin}.*)$`, 'm').exec(page)?.[1];
    if (command === undefined) throw new Error(`the page has no command that begins with ${begin}`);
    return command.replace('/var/lib/clickhouse/backups/', `${join(server.dir, 'backups')}/`);
  };
  const run = (query: string): Promise<unknown> => operator.command({ query });
  const letters = async (): Promise<readonly unknown[]> => (await server.store.query('SELECT id FROM dead_letters ORDER BY id')).map(({ id }) => id);

  it('a backup restores what was lost after it, migrations included', async () => {
    await run(documented('BACKUP DATABASE'));
    expect(existsSync(join(server.dir, 'backups'))).toBe(true);
    await run('DROP DATABASE countersign');
    await run(documented('RESTORE DATABASE'));
    expect(await letters()).toEqual(['january', 'march']);
    await server.store.migrate(migrations);
    await server.store.insert({ table: 'dead_letters', rows: [letter('later', '2026-03-16T00:00:00.000Z')], token: 'later' });
    expect(await letters()).toEqual(['january', 'later', 'march']);
  });

  it('nothing is backed up to a place the settings do not name', async () => {
    await expect(run(`BACKUP DATABASE countersign TO File('${join(server.dir, 'elsewhere')}/x')`)).rejects.toThrow(/not allowed/);
  });

  it('another age for contents, and a month of facts dropped', async () => {
    const inHistory = (query: string): string => query.replace('ALTER TABLE ', 'ALTER TABLE countersign.');
    await run(inHistory(documented('ALTER TABLE observations MODIFY COLUMN')));
    await run(inHistory(documented('ALTER TABLE observations DROP PARTITION').replace('observations', 'dead_letters')));
    expect(await letters()).toEqual(['later', 'march']);
  });
});
