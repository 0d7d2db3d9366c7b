/** One conversation as a transport sees it: a thin door to what is decided beside it. */
import type { Asked } from './asked.js';
import { offerFromClient } from './client-messages.js';
import { mayGoFirst } from './goes-first.js';
import { loseTask } from './client-tasks.js';
import { offerLong } from './long-messages.js';
import type { Arrival, LongArrival, LongPassage, Passage, TapStream } from './passage.js';
import type { OpenedRecord } from './recorder.js';
import { offerFromServer } from './server-messages.js';
import type { StreamState } from './stream-state.js';

export class Stream implements TapStream {
  readonly #state: StreamState;
  readonly #onEnd: (stream: Stream) => void;
  readonly #gone: { readonly arrival: Arrival; readonly opened: OpenedRecord }[] = [];
  #isEnded = false;

  constructor(state: StreamState, onEnd: (stream: Stream) => void) {
    this.#state = state;
    this.#onEnd = onEnd;
  }

  offer(arrival: Arrival): Passage | Promise<Passage> {
    this.settle();
    if (arrival.direction === 'client-to-server') return offerFromClient(this.#state, arrival);
    return mayGoFirst(this.#state, arrival) ? this.#letGo(arrival) : offerFromServer(this.#state, arrival);
  }

  /** Reads what went on unread; before anything else happens to this stream or its policy. */
  settle(): void {
    for (const { arrival, opened } of this.#gone.splice(0)) {
      // It went on already; that nothing else could have been decided is `mayGoFirst`'s word.
      void offerFromServer(this.#state, arrival, opened);
    }
  }

  /** Stored, and sent; read right after. */
  #letGo(arrival: Arrival): Passage | Promise<Passage> {
    const { recorder, later } = this.#state.house;
    const opened = recorder.open(this.#state.conversation(), arrival.direction, arrival.bytes);
    if (opened === undefined) return offerFromServer(this.#state, arrival);
    this.#gone.push({ arrival, opened });
    if (this.#gone.length === 1) later(() => this.settle());
    return { kind: 'forward', bytes: arrival.bytes };
  }

  offerLong(arrival: LongArrival): LongPassage {
    this.settle();
    return offerLong(this.#state, arrival);
  }

  mayPassUnread(): boolean {
    this.settle();
    // What the server asks of the client may be in it, and a rule may speak of that.
    return this.#state.house.policy().methodRules.length === 0 && !this.#state.toServer.some(({ call }) => call?.resultRule.waits === true && call.resultRule.onUnavailable === 'deny');
  }

  withdraw(rpcId: string, cause: string): void {
    this.settle();
    this.lose([rpcId], cause);
  }

  lose(rpcIds: readonly string[], cause: string): void {
    this.settle();
    for (const rpcId of rpcIds) for (const asked of this.#state.toServer.lose(rpcId)) this.#over(asked, cause);
  }

  /** Held: its end says so. Sent: it is recorded as lost, and a task that hung on it hears of it. */
  #over(asked: Asked, cause: string): void {
    if (asked.holding !== undefined) asked.holding.cancel();
    else this.#recordLost(asked, cause);
  }

  abandon(): void {
    this.settle();
    this.#state.toServer.some(({ holding }) => {
      if (holding?.about.of === 'request') holding.abandon();
      return false;
    });
  }

  end(cause: string): readonly string[] {
    if (this.#isEnded) return [];
    this.settle();
    this.#isEnded = true;
    this.#onEnd(this);
    const { toServer, toClient, onlyProbed } = this.#state;
    const open = toServer.takeAll();
    for (const { about } of open) {
      if (about.holding !== undefined) about.holding.cancel();
      else this.#recordLost(about, onlyProbed ? 'probe' : cause);
    }
    for (const { about } of toClient.takeAll()) about.holding?.cancel();
    return open.map(({ rpcId }) => rpcId);
  }

  #recordLost(asked: Asked, cause: string): void {
    const { rpcId, method, era, call } = asked;
    const callId = call?.observed.callId;
    loseTask(this.#state, asked);
    this.#state.house.recorder.record(this.#state.conversation(), { kind: 'call-lost', ...era, direction: 'client-to-server', note: { rpcId, method, cause, ...(callId === undefined ? {} : { callId }) } });
  }
}
