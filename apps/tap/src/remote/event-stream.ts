/**
 * Follows one event stream of the server's and hands on the messages in it.
 * ES1. A message is handed on when its event is whole; while nobody takes messages the stream is not read on.
 * ES2. What is remembered is what it takes to go on after a break: the last event's id, and how long the server wants to be left alone.
 */
import type { IncomingMessage } from 'node:http';
import { SseFramer, type SseFrame } from '@countersign/wire';

const retryMsMax = 60_000;

export interface StreamPlace {
  lastEventId: string | undefined;
  /** As the server said; undefined: it did not. */
  retryMs: number | undefined;
}

export interface FollowOptions {
  readonly eventBytesMax: number;
  readonly place: StreamPlace;
  /** Resolves when the next may come. */
  readonly onMessage: (data: Uint8Array) => Promise<void>;
  /** The address messages go to, in the transport of 2024-11-05. */
  readonly onEndpoint?: (address: string) => void;
}

/** @returns how the stream ended; `too-large`: an event outgrew the bound, and the stream was closed. Never rejects. */
export async function followEvents(response: IncomingMessage, { eventBytesMax, place, onMessage, onEndpoint }: FollowOptions): Promise<'ended' | 'broken' | 'too-large'> {
  const framer = new SseFramer({ eventBytesMax });
  const take = async (frame: SseFrame): Promise<void> => {
    if (frame.id !== undefined) place.lastEventId = frame.id;
    place.retryMs = retryOf(frame) ?? place.retryMs;
    if (frame.data === undefined || frame.data.length === 0) return;
    if (frame.type === 'endpoint') onEndpoint?.(Buffer.from(frame.data).toString('utf8'));
    else if (frame.type === undefined || frame.type === 'message') await onMessage(frame.data);
  };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const frame of framer.push(chunk)) await take(frame);
      if (!framer.overflowed) continue;
      response.destroy();
      return 'too-large';
    }
  } catch {
    return 'broken';
  }
  return 'ended';
}

function retryOf({ raw, lines }: SseFrame): number | undefined {
  for (const { start, end } of lines) {
    const found = end - start < 32 ? /^retry: ?(\d{1,9})$/.exec(Buffer.from(raw.subarray(start, end)).toString('latin1'))?.[1] : undefined;
    if (found !== undefined) return Math.min(Number(found), retryMsMax);
  }
  return undefined;
}
