/** One conversation as a transport sees it: a thin door to what is decided beside it. */
import type { Asked } from './asked.js';
import { offerFromClient } from './client-messages.js';
import { loseTask } from './client-tasks.js';
import { offerLong } from './long-messages.js';
import type { Arrival, LongArrival, LongPassage, Passage, TapStream } from './passage.js';
import { offerFromServer } from './server-messages.js';
import type { StreamState } from './stream-state.js';

export class Stream implements TapStream {
  readonly #state: StreamState;
  readonly #onEnd: (stream: Stream) => void;
  #isEnded = false;

  constructor(state: StreamState, onEnd: (stream: Stream) => void) {
    this.#state = state;
    this.#onEnd = onEnd;
  }

  offer(arrival: Arrival): Passage | Promise<Passage> {
    return arrival.direction === 'client-to-server' ? offerFromClient(this.#state, arrival) : offerFromServer(this.#state, arrival);
  }

  offerLong(arrival: LongArrival): LongPassage {
    return offerLong(this.#state, arrival);
  }

  mayPassUnread(): boolean {
    // What the server asks of the client may be in it, and a rule may speak of that.
    return this.#state.house.policy().methodRules.length === 0 && !this.#state.toServer.some(({ call }) => call?.resultRule.waits === true && call.resultRule.onUnavailable === 'deny');
  }

  withdraw(rpcId: string, cause: string): void {
    for (const asked of this.#state.toServer.cancel(rpcId)) this.#over(asked, cause);
  }

  lose(rpcIds: readonly string[], cause: string): void {
    for (const rpcId of rpcIds) for (const asked of this.#state.toServer.lose(rpcId)) this.#over(asked, cause);
  }

  /** Held: its end says so. Sent: it is recorded as lost, and a task that hung on it hears of it. */
  #over(asked: Asked, cause: string): void {
    if (asked.holding !== undefined) asked.holding.cancel();
    else this.#recordLost(asked, cause);
  }

  abandon(): void {
    this.#state.toServer.some(({ holding }) => {
      if (holding?.about.of === 'request') holding.abandon();
      return false;
    });
  }

  end(cause: string): readonly string[] {
    if (this.#isEnded) return [];
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
