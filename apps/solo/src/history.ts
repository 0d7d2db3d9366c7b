/** History for solo: the embedded engine, or a ClickHouse server. */
import type { ClickHouseOptions } from '@countersign/adapters/history-store/clickhouse';
import type { HistoryStore } from '@countersign/history';
import type { Installation } from './installation.js';

export interface OpenHistory {
  readonly store: HistoryStore;
  /** For `countersign history` of the same user; kept in a private file. */
  readonly options: ClickHouseOptions;
  close(): Promise<void>;
}

/** @param server a ClickHouse server to use instead of the embedded engine. @throws a sentence when neither an engine nor a server can be had. */
export async function openHistory({ paths, sink }: Installation, server?: ClickHouseOptions): Promise<OpenHistory> {
  const { ClickHouseHistoryStore } = await import('@countersign/adapters/history-store/clickhouse');
  if (server) {
    const store = await ClickHouseHistoryStore.connect(server);
    return { store, options: server, close: () => store.close() };
  }
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
