/** History for solo: the embedded engine, or the server that CLICKHOUSE settings name. */
import type { ClickHouseOptions } from '@countersign/adapters/history-store/clickhouse';
import type { HistoryStore } from '@countersign/history';
import type { Installation } from './installation.js';

export interface OpenHistory {
  readonly store: HistoryStore;
  /** For `countersign history` of the same user; kept in a private file. */
  readonly options: ClickHouseOptions;
  close(): Promise<void>;
}

/** @throws a sentence when neither an engine nor a server can be had. */
export async function openHistory({ paths, sink }: Installation): Promise<OpenHistory> {
  const { ClickHouseHistoryStore } = await import('@countersign/adapters/history-store/clickhouse');
  const { startEngine } = await import('@countersign/adapters/history-store/engine');
  const engine = await startEngine({ dir: paths.historyDir, log: (line) => sink.telemetry({ event: 'HistoryEngineSpoke', level: 'debug', message: line }) });
  const { url, username, password, readUsername, readPassword, database } = engine;
  const options = { url, username, password, readUsername, readPassword, database };
  const store = await ClickHouseHistoryStore.connect(options);
  return {
    store, options,
    close: async () => {
      await store.close();
      await engine.stop();
    },
  };
}
