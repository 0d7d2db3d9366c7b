/**
 * The embedded profile's ports on one data folder: SQLite for ledger, snapshots and approvals.
 * Native modules are loaded only here, and only when asked for.
 */
import type { TelemetrySink } from './telemetry.js';
import { dataPaths } from './data-dir.js';
import { ensurePrivateDir } from './private-files.js';
import type { Ports } from './ports-module.js';

export interface EmbeddedPorts {
  readonly ports: Ports & Required<Pick<Ports, 'approvalStore'>>;
  /** After the application is stopped. */
  close(): Promise<void>;
}

/** @param dir absolute data folder; made if missing. @throws when a file cannot be opened. */
export async function openEmbeddedPorts(dir: string, sink: TelemetrySink): Promise<EmbeddedPorts> {
  ensurePrivateDir(dir);
  const paths = dataPaths(dir, process.platform);
  const { SqliteEventLog } = await import('@countersign/adapters/event-log/sqlite');
  const { SqliteSnapshotStore } = await import('@countersign/adapters/snapshot-store/sqlite');
  const { SqliteApprovalStore } = await import('@countersign/adapters/approval-store/sqlite');
  const { SystemClock } = await import('@countersign/adapters/clock/system');
  const eventLog = SqliteEventLog.open(paths.ledgerFile);
  const snapshotStore = SqliteSnapshotStore.open(paths.snapshotsFile);
  const approvalStore = SqliteApprovalStore.open(paths.approvalsFile);
  return {
    ports: { ...sink, eventLog, snapshotStore, approvalStore, clock: new SystemClock() },
    close: async () => {
      await eventLog.close();
      await snapshotStore.close();
      await approvalStore.close();
    },
  };
}
