/**
 * Tells open pages what to read again.
 * LN1. A listener owes at most one of each `LiveEvent`: what it has not taken yet is merged, never queued.
 * LN2. News carry no records. A page reads again under its own session, so a stream that outlives one leaks nothing.
 * LN3. History is written behind the ledger, so a change is told at once and once more when things are quiet (`settledMs`).
 * LN4. The pending list is compared, not guessed: pages hear of approvals when the list has really changed.
 */
import type { Topic } from '@countersign/contracts';
import type { Clock, EventLog, StoredRecord, Subscription, Telemetry } from '@countersign/pipeline';
import type { Desk } from '../options.js';
import type { LiveEvent } from '../shared/api.js';

/** Takes what is owed; returns false when it cannot take more until it calls `LiveNews.ready`. */
export type Take = (events: readonly LiveEvent[]) => boolean;

export interface Listener {
  readonly take: Take;
  readonly owed: Set<LiveEvent>;
  isReady: boolean;
}

export interface LiveNewsOptions {
  readonly eventLog: EventLog;
  readonly desk: Pick<Desk, 'list'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const topics: readonly Topic[] = ['observations', 'findings', 'verdicts', 'decisions'];
const approvalsShownMax = 100;
const mergeMs = 250;
const settledMs = 1_500;
/** `approve` works beside us: its list changes a little after the record that caused it. */
const checkAfterMs: readonly number[] = [20, 80, 200, 500, 1_200, 3_000];
export const listenersMax = 64;

export class LiveNews {
  readonly #listeners = new Set<Listener>();
  readonly #subscriptions: Subscription[] = [];
  #checksDone = 0;
  #isChecking = false;
  #pendingSeen = '';
  #isMerging = false;
  #settle: (() => void) | undefined;
  #isStopped = false;

  constructor(private readonly options: LiveNewsOptions) {}

  async start(): Promise<void> {
    this.#pendingSeen = await this.#pendingNow();
    for (const topic of topics) {
      const options = { group: 'console-news', from: { beforeEnd: 0 } } as const;
      this.#subscriptions.push(await this.options.eventLog.follow(topic, options, (batch) => this.#heard(topic, batch)));
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#settle?.();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    this.#listeners.clear();
  }

  /** @returns undefined when `listenersMax` are listening already. */
  listen(take: Take): Listener | undefined {
    if (this.#listeners.size >= listenersMax) return undefined;
    const listener: Listener = { take, owed: new Set(), isReady: true };
    this.#listeners.add(listener);
    return listener;
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** The listener can take more; it gets what it missed. */
  ready(listener: Listener): void {
    listener.isReady = true;
    this.#give(listener);
  }

  /** Something changed that no record tells (a tap connected, a policy was loaded). */
  tell(events: readonly LiveEvent[]): void {
    for (const listener of this.#listeners) {
      for (const event of events) listener.owed.add(event);
      this.#give(listener);
    }
  }

  #give(listener: Listener): void {
    if (!listener.isReady || listener.owed.size === 0) return;
    const events = [...listener.owed];
    listener.owed.clear();
    listener.isReady = listener.take(events);
  }

  async #heard(topic: Topic, batch: readonly StoredRecord[]): Promise<void> {
    if (this.#isStopped || batch.length === 0) return;
    this.#tellMerged();
    const mayChangeApprovals = topic === 'decisions' || batch.some(({ value }) => /"(step_up|held-ended|grant-consumed|epoch-closed|epoch-recovered)"/.test(value));
    if (mayChangeApprovals) this.#checkSoon();
  }

  #tellMerged(): void {
    this.#settle?.();
    this.#settle = this.options.clock.after(settledMs, () => this.tell(['history', 'status']));
    if (this.#isMerging) return;
    this.#isMerging = true;
    this.options.clock.after(mergeMs, () => {
      this.#isMerging = false;
      if (!this.#isStopped) this.tell(['history', 'status']);
    });
  }

  #checkSoon(): void {
    this.#checksDone = 0;
    if (!this.#isChecking) this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    const waitMs = checkAfterMs[this.#checksDone];
    this.#isChecking = waitMs !== undefined && !this.#isStopped;
    if (waitMs === undefined || this.#isStopped) return;
    this.#checksDone += 1;
    this.options.clock.after(waitMs, () => {
      void this.#check().finally(() => this.#scheduleCheck());
    });
  }

  async #check(): Promise<void> {
    try {
      const pending = await this.#pendingNow();
      if (pending === this.#pendingSeen || this.#isStopped) return;
      this.#pendingSeen = pending;
      this.tell(['approvals', 'status']);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.options.telemetry({ event: 'ApprovalsReadError', level: 'warn', message: `The pending approvals could not be read for open pages; they are safe, and the next change is tried again: ${reason}` });
    }
  }

  async #pendingNow(): Promise<string> {
    const approvals = await this.options.desk.list({ limit: approvalsShownMax });
    return approvals.map(({ id, state, votes, heldEnd }) => `${id} ${state} ${votes.length} ${heldEnd ?? ''}`).join('\n');
  }
}
