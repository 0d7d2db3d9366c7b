/**
 * A console over real parts: ledger in memory, approvals and snapshots in SQLite, history in the embedded engine, the real desk,
 * and `approve` and `record` running beside it. For tests.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteApprovalStore } from '@countersign/adapters/approval-store/sqlite';
import { SystemClock } from '@countersign/adapters/clock/system';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { startEngine } from '@countersign/adapters/history-store/engine';
import { SqliteSnapshotStore } from '@countersign/adapters/snapshot-store/sqlite';
import { ApprovalDesk, createApprove } from '@countersign/approval';
import { createRecorder, migrations, type HistoryStore } from '@countersign/history';
import { runProcessor, silentTelemetry, type Clock, type EventLog, type TelemetryEvent } from '@countersign/pipeline';
import { compilePolicy, defaultPolicy, defaultPolicyText, signGrant } from '@countersign/policy';
import type { ConsoleOptions } from '../options.js';
import type { ToldRecord } from './story.js';
import { domain } from './workshop.js';

export interface SeededParts {
  /** Everything a console needs; the listener is the test's own business. */
  readonly options: ConsoleOptions;
  readonly eventLog: EventLog;
  readonly history: HistoryStore;
  readonly clock: Clock;
  /** What the console said of itself; a request answered 500 explains itself here. */
  readonly told: readonly TelemetryEvent[];
  /** Resolves when the ledger has the records; approvals and history follow a little later. */
  tell(records: readonly ToldRecord[]): Promise<void>;
  close(): Promise<void>;
}

export async function openSeededParts(): Promise<SeededParts> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-console-'));
  const clock = new SystemClock();
  const eventLog = new MemoryEventLog({ clock });
  const store = SqliteApprovalStore.open(join(dir, 'approvals.db'));
  const snapshotStore = SqliteSnapshotStore.open(join(dir, 'snapshots.db'));
  const engine = await startEngine({ dir: join(dir, 'history'), log: () => undefined });
  const history = await ClickHouseHistoryStore.connect(engine);
  await history.migrate(migrations);
  const shared = { eventLog, snapshotStore, clock, telemetry: silentTelemetry };
  const approve = await runProcessor({ ...shared, createProcessor: () => createApprove({ store, telemetry: silentTelemetry }) });
  const recorder = createRecorder({ eventLog, store: history, clock, telemetry: silentTelemetry });
  await recorder.start();
  const { privateKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const policy = compilePolicy(defaultPolicy);
  const told: TelemetryEvent[] = [];
  const desk = new ApprovalDesk({ store, eventLog, clock, policy: () => policy, signGrant: (body) => signGrant(privateKey, body) });
  const options: ConsoleOptions = { domain, history, desk, eventLog, clock, telemetry: (event) => void told.push(event), policy: () => policy, policyText: () => defaultPolicyText, tapsConnected: () => 3, person: 'ana' };
  const closeAll = async () => {
    await Promise.all([approve.stop(), recorder.stop()]);
    await eventLog.close();
    await Promise.all([store.close(), snapshotStore.close(), history.close()]);
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { options, eventLog, history, clock, told, tell: (records) => tell(eventLog, records), close: closeAll };
}

async function tell(eventLog: EventLog, records: readonly ToldRecord[]): Promise<void> {
  for (const { topic, ...record } of records) await eventLog.append(topic, [record]);
}
