/** What a running `countersign up` leaves in its data folder for the other commands (mode 0600). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickHouseOptions } from '@countersign/adapters/history-store/clickhouse';

export interface RunningSolo {
  readonly pid: number;
  readonly consoleUrl: string;
  readonly operatorSocket: string;
  readonly history?: ClickHouseOptions;
}

/** @returns undefined when none runs on this folder. */
export function runningSolo(dataDir: string): RunningSolo | undefined {
  try {
    const solo = JSON.parse(readFileSync(join(dataDir, 'solo.json'), 'utf8')) as RunningSolo;
    process.kill(solo.pid, 0);
    return solo;
  } catch {
    return undefined;
  }
}
