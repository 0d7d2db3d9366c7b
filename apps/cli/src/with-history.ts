/** Opens history for one question: the running engine's reader, or the engine itself while nothing runs on the folder. */
import { join } from 'node:path';
import type { HistoryStore } from '@countersign/history';
import { runningSolo } from './running-solo.js';

export async function withHistory<T>(dataDir: string, ask: (store: HistoryStore) => Promise<T>): Promise<T> {
  const { ClickHouseHistoryStore } = await import('@countersign/adapters/history-store/clickhouse');
  const running = runningSolo(dataDir)?.history;
  if (running) return closing(await ClickHouseHistoryStore.connect(running), ask);
  const { startEngine } = await import('@countersign/adapters/history-store/engine');
  const engine = await startEngine({ dir: join(dataDir, 'history'), log: () => undefined });
  try {
    return await closing(await ClickHouseHistoryStore.connect(engine), ask);
  } finally {
    await engine.stop();
  }
}

async function closing<T>(store: HistoryStore, ask: (store: HistoryStore) => Promise<T>): Promise<T> {
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}
