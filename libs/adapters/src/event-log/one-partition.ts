/**
 * Sharing a ledger that has one partition: whoever came first has it, with all the topics; the next opens it when that one stops.
 * OP1. A member's lane is open before its first batch and closed before the next member's is opened (L6).
 * OP2. A lane that cannot be opened is opened again after a pause that doubles from 50 ms to 5 s; the member keeps its turn.
 */
import type { Topic } from '@countersign/contracts';
import { RetriableError, type Clock, type EventLog, type Lane, type OpenLane, type ShareOptions, type Subscription, type Telemetry } from '@countersign/pipeline';

const pauseMsMin = 50;
const pauseMsMax = 5_000;

/** What one member asked for. */
export interface ShareRequest {
  readonly topics: readonly Topic[];
  readonly options: ShareOptions;
  readonly open: OpenLane;
}

export interface OnePartition {
  /** Resolves when the lane is open, or when the member waits: for its turn, or for a lane that could not be opened yet. */
  share(request: ShareRequest): Promise<Subscription>;
  stopAll(): Promise<void>;
}

export interface OnePartitionOptions {
  readonly follow: EventLog['follow'];
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export function createOnePartition(options: OnePartitionOptions): OnePartition {
  const groups = new Map<string, Member[]>();

  async function share(request: ShareRequest): Promise<Subscription> {
    const { group } = request.options;
    const member = new Member(options, request);
    const members = groups.get(group) ?? [];
    members.push(member);
    groups.set(group, members);
    if (members.length === 1) await member.begin();
    return { stop: () => leave(group, member) };
  }

  async function leave(group: string, member: Member): Promise<void> {
    await member.stop();
    const members = groups.get(group) ?? [];
    const place = members.indexOf(member);
    if (place < 0) return;
    members.splice(place, 1);
    if (members.length === 0) groups.delete(group);
    else if (place === 0) await members[0]?.begin();
  }

  async function stopAll(): Promise<void> {
    const all = [...groups.values()].flat();
    groups.clear();
    await Promise.all(all.map((member) => member.stop()));
  }

  return { share, stopAll };
}

class Member {
  readonly #options: OnePartitionOptions;
  readonly #request: ShareRequest;
  readonly #subscriptions: Subscription[] = [];
  #lane: Lane | undefined;
  #isStopped = false;
  #failures = 0;
  #cancelRetry: () => void = nothing;
  #beginning: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(options: OnePartitionOptions, request: ShareRequest) {
    this.#options = options;
    this.#request = request;
  }

  begin(): Promise<void> {
    this.#beginning = this.#begin();
    return this.#beginning;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #begin(): Promise<void> {
    if (this.#isStopped) return;
    try {
      this.#lane = await this.#request.open(0);
      await this.#followAll(this.#lane);
    } catch (error) {
      await this.#close();
      if (!this.#isStopped) this.#tryLater(error);
    }
  }

  async #followAll(lane: Lane): Promise<void> {
    const { topics, options } = this.#request;
    for (const topic of topics) {
      const from = lane.from === undefined ? {} : { from: lane.from.get(topic) ?? 0 };
      this.#subscriptions.push(await this.#options.follow(topic, { ...options, ...from }, (batch) => lane.handle(topic, batch)));
    }
  }

  #tryLater(error: unknown): void {
    const { clock, telemetry } = this.#options;
    const { group } = this.#request.options;
    const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    const what = error instanceof Error ? error.message : String(error);
    telemetry({
      event: 'LaneOpenRetried', level: 'warn', fields: { stage: group, pauseSeconds: pauseMs / 1_000, retriable: error instanceof RetriableError },
      message: `${group} could not open its part of the ledger; nothing was read, it is tried again in ${pauseMs} ms: ${what}`,
    });
    this.#cancelRetry = clock.after(pauseMs, () => void this.begin());
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry();
    await this.#beginning;
    await this.#close();
  }

  async #close(): Promise<void> {
    const lane = this.#lane;
    this.#lane = undefined;
    // Together: closing a lane is what frees a batch in hand that waits for the world.
    await Promise.all([...this.#subscriptions.splice(0).map((subscription) => subscription.stop()), lane?.close()]);
  }
}

function nothing(): void {}
