/** One conversation as a transport sees it: a thin door to what is decided beside it. */
import { offerFromClient } from './client-messages.js';
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
    return !this.#state.toServer.some(({ call }) => call?.resultRule.waits === true && call.resultRule.onUnavailable === 'deny');
  }

  withdraw(rpcId: string): void {
    for (const asked of this.#state.toServer.cancel(rpcId)) asked.holding?.cancel();
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
    const { toServer, onlyProbed, house } = this.#state;
    const open = toServer.takeAll();
    for (const { rpcId, about } of open) {
      if (about.holding !== undefined) {
        about.holding.cancel();
        continue;
      }
      const callId = about.call?.observed.callId;
      const note = { rpcId, method: about.method, cause: onlyProbed ? 'probe' : cause, ...(callId === undefined ? {} : { callId }) };
      house.recorder.record(this.#state.conversation(), { kind: 'call-lost', ...about.era, direction: 'client-to-server', note });
    }
    return open.map(({ rpcId }) => rpcId);
  }
}
