/** The server's users file, on the engine: what each user may do is tried, not read. */
import { migrations } from '@countersign/history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type StartedServer } from './started-server.js';

describe('users.d/countersign.xml', () => {
  let server: StartedServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.stop());

  it('lets the writer make history’s tables and fill them, and the reader read them', async () => {
    await server.store.migrate(migrations);
    await server.store.insert({ table: 'dead_letters', rows: [{ id: 'a', domain: 'd', at: '2026-01-01T00:00:00.000Z', topic: 'findings', offset: 0, record_id: 'a', error_class: 'schema', error: '', component: 'record', raw: '' }], token: 't' });
    expect(await server.store.query('SELECT id FROM dead_letters')).toEqual([{ id: 'a' }]);
  });

  const refused = [
    "INSERT INTO dead_letters (id) VALUES ('b')", 'DROP TABLE dead_letters', 'SELECT 1 SETTINGS readonly = 0', "SELECT * FROM file('/etc/hostname', 'LineAsString', 's String')",
    'SELECT * FROM system.processes', 'SELECT 1 SETTINGS max_execution_time = 0', "BACKUP DATABASE countersign TO File('/backups/by-the-reader')",
  ];
  it.each(refused)('[H4] does not let the reader: %s', async (sql) => {
    await expect(server.store.query(sql)).rejects.toThrow(/ACCESS_DENIED|readonly|shouldn't be less/);
  });
});
