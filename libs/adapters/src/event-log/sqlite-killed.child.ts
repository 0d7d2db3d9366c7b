/** Appends forever and prints each id after its append resolved; its parent kills it. Arguments: the ledger's file. */
import { writeSync } from 'node:fs';
import { SqliteEventLog } from './sqlite.js';

const log = SqliteEventLog.open(process.argv[2] ?? '');
for (let n = 0; ; n += 1) {
  const ids = [`k-${n}-0`, `k-${n}-1`, `k-${n}-2`];
  await Promise.all(ids.map((id) => log.append('observations', [{ id, key: 'd', value: JSON.stringify({ id, padding: 'x'.repeat(500) }) }])));
  // At once and unbuffered: what the parent has read was acknowledged.
  writeSync(1, `${ids.join('\n')}\n`);
}
