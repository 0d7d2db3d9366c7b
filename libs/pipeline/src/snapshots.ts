/**
 * When a processor's memory of one partition is saved, and from where it goes on.
 * SN1. A snapshot and its positions belong together: both are read in one job of the lane's queue.
 * SN2. Ten seconds after the first change, in the first quiet moment: a save holds up the calls that come meanwhile. Without one, after
 *      `snapshotRecords` records or `snapshotMs`, whichever comes first: that bounds what a restart after a kill reads again. Never more
 *      than one twentieth of the time, all partitions of a process together.
 * SN3. A save that fails loses nothing: the last saved one stands, and the ledger has what came after it.
 * SN4. Saves carry the claim under which the memory was opened; once another process has claimed it, this one saves no more.
 */
import type { Topic } from '@countersign/contracts';
import type { Clock } from './clock.js';
import type { Processor } from './processor.js';
import { SaveMoment, type SavePace } from './save-moment.js';
import type { Claim, Snapshot, SnapshotStore } from './snapshot-store.js';
import type { Telemetry } from './telemetry.js';

const restPerSave = 19;

export interface SnapshotsOptions {
  readonly processor: Processor;
  readonly partition: number;
  readonly snapshotStore: SnapshotStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly pace: SavePace;
  readonly snapshotRecords?: number;
  readonly snapshotMs?: number;
  /** Filled by `restore`, read by `save`. */
  readonly positions: Map<Topic, number>;
  /** Resolves when everything that `positions` cover survives a crash. */
  readonly survived: () => Promise<void>;
  /** Called when a save is due although no record comes; must enter the lane's queue. */
  readonly due: () => void;
}

export interface Snapshots {
  /** @returns whether the processor keeps a memory at all; if so `positions` say where it goes on. @throws what the store throws. */
  restore(): Promise<boolean>;
  /** Counts changes, and saves when it is time. */
  changed(records: number): Promise<void>;
  save(): Promise<void>;
  stop(): void;
}

/** Under which name a partition's memory is kept. */
export function snapshotName(processor: string, partition: number): string {
  return `${processor}/${partition}`;
}

export function createSnapshots(options: SnapshotsOptions): Snapshots {
  const { processor, partition, snapshotStore, clock, positions, pace } = options;
  const name = snapshotName(processor.name, partition);
  const moment = new SaveMoment(options);
  let claim: Claim | undefined;
  const say = (event: string, message: string): void => options.telemetry({ event, level: 'warn', message, fields: { stage: processor.name, partition } });

  async function restore(): Promise<boolean> {
    if (processor.snapshot === undefined || processor.restore === undefined) return false;
    claim = await snapshotStore.claim(name);
    const { snapshot } = claim;
    if (snapshot === undefined) return true;
    const refusal = refusalOf(processor, snapshot);
    if (refusal === undefined) {
      for (const topic of processor.reads) positions.set(topic, snapshot.offsets[topic] ?? 0);
      return true;
    }
    say('SnapshotRefused', `The saved memory of ${name} cannot be used (${refusal}); it is built again from the ledger's beginning.`);
    return true;
  }

  async function changed(records: number): Promise<void> {
    if (claim === undefined) return;
    if (moment.changed(records)) await save();
  }

  async function save(): Promise<void> {
    const changes = moment.taken();
    if (claim === undefined || processor.snapshot === undefined || changes === 0) return;
    const startedMs = clock.monotonicMs();
    try {
      await options.survived();
      const isSaved = await snapshotStore.save(name, { version: processor.version, offsets: Object.fromEntries(positions), state: processor.snapshot() }, claim.fence);
      if (isSaved) return;
      claim = undefined;
      say('SnapshotSuperseded', `Another process has taken over ${name}; what this one remembers of it is saved no more, the other's stands.`);
    } catch (error) {
      moment.putBack(changes);
      say('SnapshotSaveError', `The memory of ${name} was not saved: ${error instanceof Error ? error.message : String(error)} A restart goes on from the snapshot before it; nothing is lost.`);
    } finally {
      const endedMs = clock.monotonicMs();
      pace.notBeforeMs = endedMs + restPerSave * (endedMs - startedMs);
    }
  }

  return { restore, changed, save, stop: () => moment.stop() };
}

/** Restores. @returns why that could not be. */
function refusalOf(processor: Processor, { version, state }: Snapshot): string | undefined {
  if (version !== processor.version) return `it is of version ${version}, this is ${processor.version}`;
  try {
    processor.restore?.(state);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
