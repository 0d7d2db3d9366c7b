/**
 * Wake-ups for approvals: a job at the deadline, another halfway to it. A job carries an id and decides nothing.
 * DU1. Delivery is at least once, and may be late: who is woken reads the store and its own clock, and changes it by compare-and-set.
 * DU2. Jobs hold no argument, person or text: they lie in Redis in the clear.
 * DU3. A job that is missing loses a reminder and a prompt wake-up, never a deadline: that is decided from the stored one.
 */
import type { Approval } from '@countersign/approval';
import { RetriableError, type Clock, type Subscription, type Telemetry } from '@countersign/pipeline';
import { Queue, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { classifiedRedis, redisOptions } from '../snapshot-store/redis-client.js';

export const dueKinds = ['reminder', 'deadline'] as const;
export type DueKind = (typeof dueKinds)[number];

export interface Due {
  readonly approvalId: string;
  readonly kind: DueKind;
}

const queueName = 'approvals-due';
const attemptsMax = 20;
const concurrency = 16;
const stopMsMax = 10_000;

export interface DueOptions {
  /** The store's own client: the queue uses it and leaves it open. */
  readonly redis: Redis;
  /** For watchers, which need a connection each. */
  readonly url: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export class DueJobs {
  readonly #queue: Queue;
  readonly #options: DueOptions;
  readonly #workers = new Set<Worker>();

  constructor(options: DueOptions) {
    this.#options = options;
    this.#queue = new Queue(queueName, { prefix: options.prefix, connection: options.redis, skipMetasUpdate: true });
    this.#queue.on('error', () => undefined); // Told by the store's own connection, once.
  }

  /** Again for a known approval changes nothing. Says so, and rejects nothing, when Redis takes no job (DU3). */
  async arm({ id, openedAtMs, deadlineAtMs }: Approval): Promise<void> {
    const nowMs = this.#options.clock.wallMs();
    const dues = { reminder: openedAtMs + (deadlineAtMs - openedAtMs) / 2, deadline: deadlineAtMs };
    try {
      await this.#queue.addBulk(dueKinds.map((kind) => ({
        name: kind, data: { approvalId: id },
        opts: { jobId: `${kind}-${id}`, delay: Math.max(0, Math.ceil(dues[kind] - nowMs)), attempts: attemptsMax, backoff: { type: 'exponential', delay: 200 }, removeOnComplete: true, removeOnFail: true },
      })));
    } catch (error) {
      this.#say('ApprovalWakeLost', 'An approval was opened, but its reminder and wake-up could not be set; its deadline holds all the same.', error);
    }
  }

  async disarm(approvalId: string): Promise<void> {
    try {
      await Promise.all(dueKinds.map((kind) => this.#queue.remove(`${kind}-${approvalId}`)));
    } catch (error) {
      this.#say('ApprovalWakeKept', 'An approval was closed, but its wake-ups could not be taken back; whoever they wake finds it closed.', error);
    }
  }

  async watch(handle: (due: Due) => Promise<void>): Promise<Subscription> {
    // A worker waits in Redis for jobs: no limit of a single command applies to it.
    const { connectTimeout, retryStrategy } = redisOptions;
    const connection = { url: this.#options.url, connectTimeout, retryStrategy, maxRetriesPerRequest: null };
    const worker = new Worker(queueName, (job) => handle(dueOf(job)), { prefix: this.#options.prefix, connection, concurrency });
    worker.on('error', () => undefined); // Reconnects by itself; the store's own connection tells that Redis is away.
    worker.on('failed', (job, error) => this.#say('ApprovalWakeRetried', `A wake-up was not handled (attempt ${job?.attemptsMade ?? 0} of ${attemptsMax}); it comes again.`, error));
    this.#workers.add(worker);
    try {
      await worker.waitUntilReady();
    } catch (error) {
      throw classifiedRedis(error, 'approvals’ wake-ups could not be followed');
    }
    return {
      stop: async () => {
        this.#workers.delete(worker);
        await this.#ended(worker);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => this.#ended(worker)));
    await this.#queue.close();
  }

  /** Finishes what is in hand; but a Redis that is away must not keep a process from ending. */
  async #ended(worker: Worker): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#options.clock.after(stopMsMax, resolve)));
    await Promise.race([worker.close(), late]);
    cancel();
  }

  #say(event: string, message: string, error: unknown): void {
    const known = classifiedRedis(error, event);
    this.#options.telemetry({ event, level: 'warn', message, fields: { retriable: known instanceof RetriableError, error: error instanceof Error ? error.name : 'unknown' } });
  }
}

function dueOf({ name, data }: Job): Due {
  const approvalId: unknown = typeof data === 'object' && data !== null ? (data as Record<string, unknown>)['approvalId'] : undefined;
  const kind = dueKinds.find((known) => known === name);
  if (typeof approvalId !== 'string' || kind === undefined) throw new Error('a job in the queue of wake-ups is none of ours; it is left out after its attempts.');
  return { approvalId, kind };
}
