/** Resident memory of a stdio tap: when it has just started and waits, and under a steady stream of calls. */
import { startStdio, tapCommand, type TapUnderTest } from './paths.js';
import { residentMbOf } from './process-figures.js';
import { textOf } from './rounds.js';

export interface MemoryLoad {
  readonly messagesPerSecond: number;
  readonly payloadBytes: number;
  readonly seconds: number;
}

export interface MemoryFigures {
  readonly idleMb: number | undefined;
  /** The most seen while the load ran. */
  readonly loadedMbMax: number | undefined;
}

const settleMs = 1_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A call is two messages: half as many calls as messages per second. */
export async function tapMemory(tap: TapUnderTest, { messagesPerSecond, payloadBytes, seconds }: MemoryLoad): Promise<MemoryFigures> {
  const peer = startStdio(tapCommand(tap));
  await peer.initialize();
  await pause(settleMs);
  const idleMb = residentMbOf(peer.pid);
  const params = { name: 'count_words', arguments: { text: textOf(payloadBytes) } };
  const gapMs = 2_000 / messagesPerSecond;
  let loadedMbMax = idleMb;
  const open: Promise<string>[] = [];
  const began = performance.now();
  for (let call = 0; call < (seconds * messagesPerSecond) / 2; call++) {
    await pause(Math.max(0, began + call * gapMs - performance.now()));
    open.push(peer.request('tools/call', params));
    const nowMb = residentMbOf(peer.pid);
    if (nowMb !== undefined && nowMb > (loadedMbMax ?? 0)) loadedMbMax = nowMb;
  }
  await Promise.all(open);
  await peer.close();
  return { idleMb, loadedMbMax };
}
