/** A ledger that tells when each append begins and was acknowledged; otherwise the ledger behind it. */
import type { Topic } from '@countersign/contracts';
import { EventLog, type FollowOptions, type HandleBatch, type LedgerRecord, type OpenLane, type ShareOptions, type Subscription } from '@countersign/pipeline';

export type AppendMoment = 'begun' | 'acknowledged';

export class TimedLog extends EventLog {
  readonly #inner: EventLog;
  readonly #told: (moment: AppendMoment, topic: Topic, records: readonly LedgerRecord[]) => void;

  constructor(inner: EventLog, told: (moment: AppendMoment, topic: Topic, records: readonly LedgerRecord[]) => void) {
    super();
    this.#inner = inner;
    this.#told = told;
  }

  async append(topic: Topic, records: readonly LedgerRecord[]): Promise<void> {
    this.#told('begun', topic, records);
    await this.#inner.append(topic, records);
    this.#told('acknowledged', topic, records);
  }

  follow(topic: Topic, options: FollowOptions, handle: HandleBatch): Promise<Subscription> {
    return this.#inner.follow(topic, options, handle);
  }

  share(topics: readonly Topic[], options: ShareOptions, open: OpenLane): Promise<Subscription> {
    return this.#inner.share(topics, options, open);
  }

  /** The ledger behind it is closed by who opened it. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
