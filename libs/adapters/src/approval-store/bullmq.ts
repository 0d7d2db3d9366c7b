/**
 * Approvals in Redis, with BullMQ for their wake-ups.
 * BA1. Opening and replacing are one script each: compare-and-set holds between all processes on one Redis (AS1, AS2).
 * BA2. What resolved is in the append-only file before it was answered: it survives a kill of Redis; a loss of power may take the last
 *      second unless `appendfsync` is `always`. The store is a view: it is built again from `verdicts` and `decisions` (A8).
 * BA3. BullMQ wakes people's reminders and the deadline's keeper; it never decides (`bullmq-due.ts`).
 * BA4. At most `approvalsMax` are kept: beyond it the oldest closed ones go, open ones never.
 */
import { ApprovalStore, type Approval } from '@countersign/approval';
import { silentTelemetry, type Clock, type Subscription, type Telemetry } from '@countersign/pipeline';
import type { Redis } from 'ioredis';
import { SystemClock } from '../clock/system.js';
import { classifiedRedis, connectRedis, prefixDefault, type RedisConnection } from '../snapshot-store/redis-client.js';
import { DueJobs, type Due } from './bullmq-due.js';
import { listScript, openScript, replaceScript } from './bullmq-scripts.js';

export type { Due, DueKind } from './bullmq-due.js';

export interface BullmqApprovalStoreOptions {
  readonly clock?: Clock;
  readonly telemetry?: Telemetry;
  /** 100 000. */
  readonly approvalsMax?: number;
}

const listMax = 1_000;
const lookedAtMax = 10_000;

export class BullmqApprovalStore extends ApprovalStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #due: DueJobs;
  readonly #approvalsMax: number;

  /** @throws `RetriableError` when Redis does not answer; `Error` when its settings could lose approvals. */
  static async connect(connection: RedisConnection, options: BullmqApprovalStoreOptions = {}): Promise<BullmqApprovalStore> {
    const { clock = new SystemClock(), telemetry = silentTelemetry, approvalsMax = 100_000 } = options;
    const prefix = connection.prefix ?? prefixDefault;
    const redis = await connectRedis(connection, telemetry);
    return new BullmqApprovalStore({ redis, prefix, approvalsMax, due: new DueJobs({ redis, url: connection.url, prefix, clock, telemetry }) });
  }

  private constructor({ redis, prefix, due, approvalsMax }: { readonly redis: Redis; readonly prefix: string; readonly due: DueJobs; readonly approvalsMax: number }) {
    super();
    this.#redis = redis;
    this.#prefix = `${prefix}:approvals`;
    this.#due = due;
    this.#approvalsMax = approvalsMax;
  }

  override async open(approval: Approval): Promise<Approval> {
    const { id, state, callId, openedAtMs } = approval;
    const keys = [this.#key(id), `${this.#prefix}:seq`, `${this.#prefix}:all`];
    const values = [this.#prefix, id, state, callId, openedAtMs, standing(approval), JSON.stringify(approval), this.#approvalsMax];
    const reply = await this.#run(() => this.#redis.eval(openScript, keys.length, ...keys, ...values), 'the approval was not opened');
    const stored = parsed((reply as [number, string])[1]);
    // Also for a known one: whoever opened it may have died before its wake-ups were set.
    if (stored.state === 'open') await this.#due.arm(stored);
    return stored;
  }

  override async get(id: string): Promise<Approval | undefined> {
    const held = await this.#run(() => this.#redis.hget(this.#key(id), 'approval'), 'the approval could not be read');
    return held === null ? undefined : parsed(held);
  }

  override async replace(expected: Approval, next: Approval): Promise<boolean> {
    if (next.id !== expected.id) throw new Error(`An approval keeps its id: ${expected.id} cannot become ${next.id}.`);
    const values = [this.#prefix, standing(expected), standing(next), next.state, JSON.stringify(next)];
    const reply = await this.#run(() => this.#redis.eval(replaceScript, 1, this.#key(next.id), ...values), 'whether the approval was changed is not known; read it');
    if (reply !== 1) return false;
    if (next.state !== 'open') await this.#due.disarm(next.id);
    return true;
  }

  override async list({ state, callId, limit }: { readonly state?: Approval['state']; readonly callId?: string; readonly limit: number }): Promise<readonly Approval[]> {
    const count = Math.min(listMax, Math.max(0, Math.floor(limit)));
    const index = callId !== undefined ? `call:${callId}` : state !== undefined ? `state:${state}` : 'all';
    const reply = await this.#run(() => this.#redis.eval(listScript, 1, `${this.#prefix}:${index}`, this.#prefix, state ?? '', count, lookedAtMax), 'approvals could not be listed');
    return (reply as string[]).map(parsed);
  }

  /**
   * Hands over reminders and deadlines of approvals as they come due; each goes to one of all watchers, again if its handler rejects.
   * @param handle must decide by the stored approval and its own clock, and close by `replace`: a due may come twice, or late (DU1).
   */
  watch(handle: (due: Due) => Promise<void>): Promise<Subscription> {
    return this.#due.watch(handle);
  }

  override async close(): Promise<void> {
    await this.#due.close();
    this.#redis.disconnect();
  }

  async #run<T>(work: () => Promise<T>, what: string): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw classifiedRedis(error, what);
    }
  }

  #key(id: string): string {
    return `${this.#prefix}:a:${id}`;
  }
}

function parsed(text: string): Approval {
  return JSON.parse(text) as Approval;
}

/** What of an approval two writers may race for. */
function standing({ state, votes, heldEnd }: Approval): string {
  return JSON.stringify([state, votes.map(({ person, outcome, message, atMs }) => [person, outcome, message ?? null, atMs]), heldEnd ?? null]);
}
