/** A core for tests of the transport alone: forwards everything unless told otherwise, and remembers what it was offered. */
import type { Arrival, LongArrival, LongPassage, Passage, StreamInfo, TapCore, TapStream } from '../../passage.js';

export interface RecordedStream {
  readonly info: StreamInfo;
  readonly arrivals: Arrival[];
  readonly long: LongArrival[];
  readonly withdrawn: string[];
  /** Ids and causes. */
  readonly lost: string[];
  ended: string | undefined;
}

export type Decide = (arrival: Arrival, text: string, stream: RecordedStream) => Passage | Promise<Passage> | undefined;

export class RecordingCore implements TapCore {
  readonly agent = { name: 'tester', role: 'tester' };
  readonly streams: RecordedStream[] = [];
  decide: Decide = () => undefined;
  decideLong: (arrival: LongArrival) => LongPassage = () => ({ kind: 'forward' });
  mayPassUnread = false;
  onWithdraw: (rpcId: string) => void = () => undefined;

  openStream(info: StreamInfo): TapStream {
    const stream: RecordedStream = { info, arrivals: [], long: [], withdrawn: [], lost: [], ended: undefined };
    this.streams.push(stream);
    return {
      offer: (arrival) => {
        stream.arrivals.push(arrival);
        return this.decide(arrival, textOf(arrival.bytes), stream) ?? { kind: 'forward', bytes: arrival.bytes };
      },
      offerLong: (arrival) => {
        stream.long.push(arrival);
        return this.decideLong(arrival);
      },
      mayPassUnread: () => this.mayPassUnread,
      withdraw: (rpcId) => {
        stream.withdrawn.push(rpcId);
        this.onWithdraw(rpcId);
      },
      lose: (rpcIds, cause) => stream.lost.push(...rpcIds.map((rpcId) => `${rpcId} ${cause}`)),
      abandon: () => undefined,
      end: (cause) => {
        stream.ended = cause;
        return [];
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Everything offered, as `>` or `<` and the text. */
  get seen(): string[] {
    return this.streams.flatMap((stream) => stream.arrivals.map((arrival) => `${arrival.direction === 'client-to-server' ? '>' : '<'} ${textOf(arrival.bytes)}`));
  }
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
