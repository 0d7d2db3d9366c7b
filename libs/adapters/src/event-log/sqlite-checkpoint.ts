/**
 * Keeps the ledger's log short without the thread that commits.
 * CP1. One checkpoint at a time, asked for after `commitsPerCheckpoint` commits; none while nothing is written.
 * CP2. If the thread cannot be had, or falls far behind, SQLite checkpoints within a commit (`wal_autocheckpoint`), as it always could.
 */
import { Worker } from 'node:worker_threads';
import type { Telemetry } from '@countersign/pipeline';

const commitsPerCheckpoint = 250;
const heapMbMax = 32;

export interface Checkpoints {
  committed(): void;
  stop(): Promise<void>;
}

/** @param file of the ledger; its thread begins with the first checkpoint. */
export function createCheckpoints({ file, busyMs, telemetry }: { readonly file: string; readonly busyMs: number; readonly telemetry: Telemetry }): Checkpoints {
  let commits = 0;
  let isBusy = false;
  let worker: Worker | undefined;

  function committed(): void {
    commits += 1;
    if (isBusy || commits < commitsPerCheckpoint) return;
    commits = 0;
    isBusy = true;
    worker ??= started();
    worker.postMessage('checkpoint');
  }

  function started(): Worker {
    const script = new URL(import.meta.url.endsWith('.ts') ? './sqlite-checkpoint.worker.ts' : './sqlite-checkpoint.worker.js', import.meta.url);
    const thread = new Worker(script, { workerData: { file, busyMs }, resourceLimits: { maxOldGenerationSizeMb: heapMbMax }, execArgv: [] });
    thread.unref();
    thread.on('message', (error: string | undefined) => {
      isBusy = false;
      if (error !== undefined) say(error);
    });
    // It stays `busy`: no further thread is tried, and commits checkpoint by themselves (CP2).
    thread.on('error', (error) => say(error.message));
    return thread;
  }

  function say(error: string): void {
    telemetry({ event: 'LedgerCheckpointError', level: 'warn', message: `A checkpoint of the ledger beside its work failed (${error}); nothing is lost, a later commit does it and takes longer.` });
  }

  return {
    committed,
    stop: async () => {
      isBusy = true;
      await worker?.terminate();
    },
  };
}
