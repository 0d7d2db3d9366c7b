/**
 * How an embedded ledger serves its followers; the ledger brings reading and keeping, this brings turns, pauses and stopping.
 * FO1. One follower of a group is served at a time; the next takes over from the group's position when it stops.
 * FO2. The position moves only after `handle` resolved (L3); after a rejection the same place is read again, after a pause that doubles
 *      from 50 ms to 5 s.
 * FO3. Between full batches the event loop turns, so catching up starves nothing.
 * FO4. Readers of news are woken first, the others in the next turn of the event loop: who only keeps records does not delay a verdict.
 */
import { RetriableError, type Clock, type FollowOptions, type HandleBatch, type StoredRecord, type Subscription, type Telemetry } from '@countersign/pipeline';
import type { Topic } from '@countersign/contracts';

const pauseMsMin = 50;
const pauseMsMax = 5_000;

/** Which records are wanted. */
export interface Wanted {
  readonly offset: number;
  readonly recordsMax: number;
  /** Also records that would not survive a crash yet. */
  readonly isEarly: boolean;
}

/** What a ledger can do for a follower; all of it at once, without waiting. */
export interface FollowedLedger {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Records at or after the offset, in order. */
  read(topic: Topic, wanted: Wanted): readonly StoredRecord[];
  /** Next offset the group wants; 0 when it never read. */
  position(topic: Topic, group: string): number;
  keepPosition(topic: Topic, group: string, nextOffset: number): void;
  /** The offset the next appended record will get. */
  end(topic: Topic): number;
}

export interface FollowRequest extends FollowOptions {
  readonly topic: Topic;
  readonly handle: HandleBatch;
}

export interface Followers {
  follow(request: FollowRequest): Subscription;
  /** Records were appended that are not sure yet. */
  wakeEarly(topic: Topic): void;
  /** Records are sure, or may be. */
  wake(topics?: ReadonlySet<Topic>): void;
  stopAll(): Promise<void>;
}

export function createFollowers(ledger: FollowedLedger): Followers {
  const groups = new Map<string, Follower[]>();
  const toWake = new Set<Topic | undefined>();

  function follow(request: FollowRequest): Subscription {
    const follower = new Follower(ledger, request);
    const name = `${request.topic}\0${request.group}`;
    const members = groups.get(name) ?? [];
    members.push(follower);
    groups.set(name, members);
    if (members.length === 1) follower.start();
    return {
      async stop() {
        await follower.stop();
        const place = members.indexOf(follower);
        if (place < 0) return;
        members.splice(place, 1);
        if (place === 0) members[0]?.start();
        if (members.length === 0) groups.delete(name);
      },
    };
  }

  function wakeEarly(topic: Topic): void {
    for (const [first] of groups.values()) if (first?.topic === topic && first.isEarly) first.wake();
  }

  function wake(topics?: ReadonlySet<Topic>): void {
    for (const [first] of groups.values()) if (first?.isNews === true && (topics === undefined || topics.has(first.topic))) first.wake();
    if (toWake.size === 0) setImmediate(wakeOthers);
    for (const topic of topics ?? [undefined]) toWake.add(topic);
  }

  function wakeOthers(): void {
    const all = toWake.has(undefined);
    for (const [first] of groups.values()) if (first?.isNews === false && (all || toWake.has(first.topic))) first.wake();
    toWake.clear();
  }

  async function stopAll(): Promise<void> {
    const all = [...groups.values()].flat();
    groups.clear();
    await Promise.all(all.map((follower) => follower.stop()));
  }

  return { follow, wakeEarly, wake, stopAll };
}

class Follower {
  readonly topic: Topic;
  readonly isEarly: boolean;
  readonly isNews: boolean;
  readonly #ledger: FollowedLedger;
  readonly #request: FollowRequest;
  #isStopped = false;
  #running: Promise<void> | undefined;
  #wake: () => void = nothing;
  #failures = 0;

  constructor(ledger: FollowedLedger, request: FollowRequest) {
    this.#ledger = ledger;
    this.#request = request;
    this.topic = request.topic;
    this.isEarly = request.early === true;
    this.isNews = typeof request.from === 'object';
  }

  start(): void {
    // `#run` ends by `stop` alone; an error of ours inside it is a defect and must be heard.
    if (!this.#isStopped) this.#running ??= this.#run();
  }

  wake(): void {
    if (this.#failures === 0) this.#wake();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { handle, batchRecordsMax = 256 } = this.#request;
    let next = this.#begin();
    // `follow` returns before the first batch, so that its caller holds the subscription.
    await turn();
    while (!this.#isStopped) {
      try {
        const batch = this.#ledger.read(this.topic, { offset: next, recordsMax: batchRecordsMax, isEarly: this.isEarly });
        const last = batch.at(-1);
        if (last === undefined) {
          await this.#sleep();
          continue;
        }
        await handle(batch);
        next = last.offset + 1;
        this.#keep(next);
        this.#failures = 0;
        if (batch.length >= batchRecordsMax) await turn();
      } catch (error) {
        if (!this.#isStopped) await this.#pause(error);
      }
    }
  }
  #begin(): number {
    const { from, group } = this.#request;
    if (typeof from === 'number') return from;
    if (from !== undefined) return Math.max(0, this.#ledger.end(this.topic) - from.beforeEnd);
    return this.#ledger.position(this.topic, group);
  }

  #keep(next: number): void {
    if (typeof this.#request.from !== 'object') this.#ledger.keepPosition(this.topic, this.#request.group, next);
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #pause(error: unknown): Promise<void> {
    const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    const what = error instanceof Error ? error.message : String(error);
    this.#ledger.telemetry({
      event: 'BatchRetried', level: 'warn', fields: { stage: this.#request.group, topic: this.topic, pauseSeconds: pauseMs / 1_000, retriable: error instanceof RetriableError },
      message: `Group ${this.#request.group} did not take a batch of ${this.topic}; it is read again in ${pauseMs} ms: ${what}`,
    });
    await new Promise<void>((resolve) => {
      const cancel = this.#ledger.clock.after(pauseMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function nothing(): void {}
