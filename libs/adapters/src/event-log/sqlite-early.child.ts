/**
 * A small path of two early processors that kills itself between the early delivery of a record and its commit.
 * Arguments: ledger file, snapshots file, how many observations there are (10n + 1), and where to die: `detect:<n>`, `judge:<n>` (while handling the
 * n-th record), `save:<n>` (when the n-th snapshot is on disk) or `never`. Prints what left the process: `acked <id>` for an append that resolved, `told <id>` for a verdict a reader of
 * news was handed. Ends by itself when it has told the last verdict.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { runProcessor, type Output, type Processor, type StoredRecord } from '@countersign/pipeline';
import { SystemClock } from '../clock/system.js';
import { SqliteSnapshotStore } from '../snapshot-store/sqlite.js';
import { SqliteEventLog } from './sqlite.js';

const [file = '', snapshotsFile = '', count = '0', fate = 'never'] = process.argv.slice(2);
const [where, nth] = fate.split(':');
let handled = 0;

function passes(stage: string): void {
  if (stage !== where) return;
  handled += 1;
  // At once: nothing that this turn of the event loop was still to do happens, and its transaction is open.
  if (handled === Number(nth)) process.kill(process.pid, 'SIGKILL');
}

/** Its output names everything it was ever shown, in order; it answers records whose number `answers` divides. */
function chain(name: string, [from, to]: readonly ['observations', 'findings'] | readonly ['findings', 'verdicts'], answers: number): Processor {
  let digest = 'start';
  return {
    name, version: '1', reads: [from], early: true,
    handle(record: StoredRecord): readonly Output[] {
      digest = createHash('sha256').update(digest).update(record.id).digest('hex');
      passes(name);
      if (Number(/\d+/.exec(record.id)?.[0]) % answers !== 0) return [];
      return [{ topic: to, id: `${record.id}/${name}`, key: record.key, value: digest }];
    },
    snapshot: () => digest,
    restore: (text) => void (digest = text),
  };
}

const log = SqliteEventLog.open(file);
const snapshotStore = SqliteSnapshotStore.open(snapshotsFile);
const save = snapshotStore.save.bind(snapshotStore);
snapshotStore.save = (...snapshot) => {
  const saved = save(...snapshot);
  passes('save');
  return saved;
};
const shared = { eventLog: log, snapshotStore, clock: new SystemClock(), telemetry: () => undefined, snapshotRecords: 1, batchRecordsMax: 5 };
const runs = [
  await runProcessor({ ...shared, createProcessor: () => chain('detect', ['observations', 'findings'], 1) }),
  await runProcessor({ ...shared, createProcessor: () => chain('judge', ['findings', 'verdicts'], 10) }),
];
const last = `o-${Number(count) - 1}/detect/judge`;
let over = (): void => undefined;
const isOver = new Promise<void>((resolve) => (over = resolve));
const news = await log.follow('verdicts', { group: 'news', from: { beforeEnd: Number(count) } }, async (batch) => {
  for (const { id } of batch) writeSync(1, `told ${id}\n`);
  if (batch.some(({ id }) => id === last)) over();
});
for (let n = 0; n < Number(count); ) {
  // One to three appends a turn: some share a transaction.
  const turn = Array.from({ length: Math.min(1 + (n % 3), Number(count) - n) }, (_, index) => `o-${n + index}`);
  await Promise.all(turn.map((id) => log.append('observations', [{ id, key: 'd', value: '{}' }]).then(() => writeSync(1, `acked ${id}\n`))));
  n += turn.length;
}
await isOver;
await news.stop();
for (const run of runs) await run.stop();
await log.close();
await snapshotStore.close();
