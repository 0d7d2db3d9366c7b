/**
 * Calls that wait for people as tasks: kept until somebody decided, then run once, by the poll that finds them approved.
 * HT1. Nothing here sends: a client that went away runs nothing, however late the yes comes (P6).
 * HT2. Bounded in number and in bytes, of calls and of what they were answered with; what would not fit is no task.
 * HT3. A task lives `lifeMs` from when it was made or ended; it dies with the process.
 */
import { taskIdOf, type Era, type TaskFacts, type TaskOutcome } from '@countersign/wire';
import type { ReadCall } from './asked-call.js';
import type { Conversation } from './recorder.js';

const tasksMax = 256;
const bytesMax = 16 * 1024 * 1024;
export const taskLifeMs = 15 * 60_000;
const pollMs = 2_000;

export type TaskPhase =
  | { readonly kind: 'waiting' }
  /** The call was sent; its answer comes to the poll that sent it. */
  | { readonly kind: 'running' }
  /** The server made a task of its own of it. */
  | { readonly kind: 'elsewhere'; readonly serverTaskId: string }
  | { readonly kind: 'ended'; readonly status: 'completed' | 'failed' | 'cancelled'; readonly outcome: TaskOutcome; readonly why: string };

export interface HeldTask {
  readonly callId: string;
  readonly conversation: Conversation;
  readonly era: Era;
  readonly read: ReadCall;
  /** The call as it would be sent. */
  readonly bytes: Uint8Array;
  readonly mirrors: readonly string[];
  /** What a person is told while it waits. */
  readonly message: string;
  readonly createdAtWallMs: number;
  phase: TaskPhase;
  updatedAtWallMs: number;
  endsAtMs: number;
}

type NewTask = Omit<HeldTask, 'phase' | 'updatedAtWallMs' | 'endsAtMs'>;

export class HeldTasks {
  readonly #byCall = new Map<string, HeldTask>();
  #bytes = 0;

  /** @returns undefined when there is no room for it. */
  open(task: NewTask, nowMs: number): HeldTask | undefined {
    this.#sweep(nowMs);
    if (this.#byCall.size >= tasksMax || this.#bytes + task.bytes.length > bytesMax) return undefined;
    const held: HeldTask = { ...task, phase: { kind: 'waiting' }, updatedAtWallMs: task.createdAtWallMs, endsAtMs: nowMs + taskLifeMs };
    this.#byCall.set(task.callId, held);
    this.#bytes += task.bytes.length;
    return held;
  }

  find(callId: string, nowMs: number): HeldTask | undefined {
    const task = this.#byCall.get(callId);
    return task === undefined || task.endsAtMs <= nowMs ? undefined : task;
  }

  /** @returns the phase it is in now: an outcome too large to keep is not kept, and says so. */
  turn(task: HeldTask, phase: TaskPhase, now: { readonly wallMs: number; readonly monotonicMs: number }): TaskPhase {
    this.#bytes -= sizeOf(task.phase);
    const isTooLarge = this.#bytes + sizeOf(phase) > bytesMax;
    task.phase = phase.kind === 'ended' && isTooLarge ? { kind: 'ended', status: 'failed', outcome: tooLarge, why: tooLargeSentence } : phase;
    this.#bytes += sizeOf(task.phase);
    task.updatedAtWallMs = now.wallMs;
    task.endsAtMs = now.monotonicMs + taskLifeMs;
    return task.phase;
  }

  #sweep(nowMs: number): void {
    for (const [callId, task] of this.#byCall) {
      if (task.endsAtMs > nowMs) continue;
      this.#byCall.delete(callId);
      this.#bytes -= task.bytes.length + sizeOf(task.phase);
    }
  }
}

/** How the client is told of it. */
export function factsOf({ callId, phase, message, createdAtWallMs, updatedAtWallMs }: HeldTask): TaskFacts {
  return {
    taskId: taskIdOf(callId), status: phase.kind === 'ended' ? phase.status : 'working', ttlMs: taskLifeMs, pollMs,
    createdAt: new Date(createdAtWallMs).toISOString(), updatedAt: new Date(updatedAtWallMs).toISOString(),
    message: phase.kind === 'waiting' ? message : phase.kind === 'ended' ? phase.why : 'The approved call runs.',
  };
}

const tooLargeSentence = 'The call ran, and its result is too large to be kept here for a task.';
const tooLarge: TaskOutcome = { member: 'error', text: JSON.stringify({ code: -31996, message: `Countersign: ${tooLargeSentence} Look at what it did before you call again, and ask for less.` }) };

function sizeOf(phase: TaskPhase): number {
  return phase.kind === 'ended' ? phase.outcome.text.length : 0;
}
