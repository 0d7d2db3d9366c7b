/**
 * When a processor's memory is saved, and from where it goes on.
 * SN1. A snapshot and its positions belong together: both are read in one job of the run's queue.
 * SN2. After `recordsMax` records or `snapshotMs` after the first change, but never more than one twentieth of the time:
 *      a large memory is saved less often rather than making held calls wait.
 * SN3. A save that fails loses nothing: the last saved one stands, and the ledger has what came after it.
 */
import type { Clock } from './clock.js';
import type { Processor } from './processor.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { Telemetry } from './telemetry.js';

const restPerSave = 19;

export interface SnapshotsOptions {
  readonly processor: Processor;
  readonly snapshotStore: SnapshotStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly snapshotRecords?: number;
  readonly snapshotMs?: number;
  /** Filled by `restore`, read by `save`. */
  readonly positions: Map<string, number>;
  /** Called when a save is due although no record comes; must enter the run's queue. */
  readonly due: () => void;
}

export interface Snapshots {
  /** @returns whether the processor keeps a memory at all; if so `positions` say where it goes on. */
  restore(): Promise<boolean>;
  /** Counts changes, and saves when it is time. */
  changed(records: number): Promise<void>;
  save(): Promise<void>;
  stop(): void;
}

export function createSnapshots(options: SnapshotsOptions): Snapshots {
  const { processor, snapshotStore, clock, positions } = options;
  const recordsMax = options.snapshotRecords ?? 10_000;
  const dueMs = options.snapshotMs ?? 10_000;
  let changes = 0;
  let firstChangeMs = 0;
  let notBeforeMs = -Infinity;
  let cancelDue: (() => void) | undefined;

  async function restore(): Promise<boolean> {
    if (processor.snapshot === undefined || processor.restore === undefined) return false;
    const snapshot = await snapshotStore.load(processor.name);
    if (snapshot === undefined) return true;
    const refusal = snapshot.version === processor.version ? restored(processor, snapshot.state) : `it is of version ${snapshot.version}, this is ${processor.version}`;
    if (refusal === undefined) {
      for (const [place, offset] of Object.entries(snapshot.offsets)) positions.set(place, offset);
      return true;
    }
    say('SnapshotRefused', `The saved memory of ${processor.name} cannot be used (${refusal}); it is built again from the ledger's beginning.`);
    return true;
  }

  async function changed(records: number): Promise<void> {
    if (processor.snapshot === undefined) return;
    const nowMs = clock.monotonicMs();
    if (changes === 0) firstChangeMs = nowMs;
    changes += records;
    const isDue = changes >= recordsMax || nowMs - firstChangeMs >= dueMs;
    if (isDue && nowMs >= notBeforeMs) return save();
    cancelDue ??= clock.after(Math.max(1, firstChangeMs + dueMs - nowMs, notBeforeMs - nowMs), options.due);
  }

  async function save(): Promise<void> {
    cancelDue?.();
    cancelDue = undefined;
    if (processor.snapshot === undefined || changes === 0) return;
    const startedMs = clock.monotonicMs();
    const saved = changes;
    changes = 0;
    try {
      await snapshotStore.save(processor.name, { version: processor.version, offsets: Object.fromEntries(positions), state: processor.snapshot() });
    } catch (error) {
      changes = saved;
      say('SnapshotSaveError', `The memory of ${processor.name} was not saved: ${error instanceof Error ? error.message : String(error)} A restart goes on from the snapshot before it; nothing is lost.`);
    }
    const endedMs = clock.monotonicMs();
    notBeforeMs = endedMs + restPerSave * (endedMs - startedMs);
  }

  function say(event: string, message: string): void {
    options.telemetry({ event, level: 'warn', message, fields: { stage: processor.name } });
  }

  return { restore, changed, save, stop: () => cancelDue?.() };
}

function restored(processor: Processor, state: string): string | undefined {
  try {
    processor.restore?.(state);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
