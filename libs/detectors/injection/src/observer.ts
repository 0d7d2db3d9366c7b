/**
 * The observer: a small frozen encoder that reads the windows the text model is unsure of, and a linear head on what it saw.
 * OB1. Optional: without it everything works, and findings say that it was absent.
 * OB2. Only the highest `windowsMax` windows inside the uncertain band are shown to it; each distinct window once (`keptMax` answers are kept).
 * OB3. A window the band leaves out is scored as if the observer had agreed with the text model, so no window gains by not being asked about.
 * OB4. An encoder that is busy, late or broken is said (`late`), and the text model's own score and threshold count.
 */
import type { ScoredWindow } from './content.js';

/** What reads windows: an adapter's part. */
export abstract class Observer {
  /** SHA-256 of the encoder's weights, hex. */
  abstract readonly id: string;
  /** One vector per text. @throws Error when too many wait or the time is up; the message says which. */
  abstract encode(text: string): Promise<Float32Array>;
}

/** Written by training; used only with the encoder it was fitted on. */
export interface ObserverHead {
  readonly encoderSha256: string;
  /** 32-bit floats, base64. */
  readonly weights: string;
  readonly bias: number;
  /** How much of the head's log-odds is added to the text model's. */
  readonly share: number;
  /** Text-model scores between which the observer is asked. */
  readonly band: readonly [number, number];
  /** As the text model's, for the sum of both. */
  readonly cleanHistogram: readonly number[];
  readonly strongScore: number;
}

/** `absent`: there is none. `idle`: nothing was uncertain. `late`: it was asked and did not answer in time. */
export type ObserverState = 'absent' | 'idle' | 'read' | 'late';

export interface ObservedWindow {
  /** The sum of the text model and the head. */
  readonly score: number;
  /** The head alone, a log-odds within ±`logitMax`; absent when it was not asked about this window. */
  readonly seen?: number;
}

export interface ObserverProblem {
  readonly problem: string;
}

export interface ObserverReader {
  readonly head: ObserverHead;
  /** One entry per window, in order; or why there is none. */
  read(windows: readonly Pick<ScoredWindow, 'plain' | 'score'>[]): Promise<readonly ObservedWindow[] | ObserverProblem>;
  /** Is there anything to ask? Without, `settled` answers at once. */
  asks(windows: readonly Pick<ScoredWindow, 'score'>[]): boolean;
  settled(windows: readonly Pick<ScoredWindow, 'score'>[]): readonly ObservedWindow[];
}

export const windowsMax = 3;
export const logitMax = 4;
const keptMax = 4_096;

/** @throws Error when the head was fitted on another encoder. */
export function createObserverReader(observer: Observer, head: ObserverHead): ObserverReader {
  if (observer.id !== head.encoderSha256) throw new Error(`The observer's head belongs to encoder ${head.encoderSha256.slice(0, 12)}, not ${observer.id.slice(0, 12)}; it is not used.`);
  const logitOf = headOf(head);
  const kept = new Map<string, number>();
  const isAsked = ({ score }: { readonly score: number }): boolean => score >= head.band[0] && score < head.band[1];
  const seenOf = async (plain: string): Promise<number> => {
    const known = kept.get(plain);
    if (known !== undefined) return known;
    const seen = logitOf(await observer.encode(plain));
    kept.set(plain, seen);
    if (kept.size > keptMax) kept.delete(kept.keys().next().value ?? '');
    return seen;
  };
  return {
    head,
    asks: (windows) => windows.slice(0, windowsMax).some(isAsked),
    settled: (windows) => windows.map(({ score }) => ({ score: unasked(score, head) })),
    async read(windows) {
      try {
        const seen = await Promise.all(windows.slice(0, windowsMax).map((window) => (isAsked(window) ? seenOf(window.plain) : undefined)));
        return windows.map(({ score }, n) => (seen[n] === undefined ? { score: unasked(score, head) } : { score: score + head.share * seen[n], seen: seen[n] }));
      } catch (error) {
        return { problem: error instanceof Error ? error.message.slice(0, 160) : 'It gave no reason.' };
      }
    },
  };
}

function unasked(score: number, { share, band }: ObserverHead): number {
  return score + share * (score >= band[1] ? logitMax : -logitMax);
}

/** The linear head: mean vector → log-odds, within ±`logitMax`. */
export function headOf({ weights, bias }: Pick<ObserverHead, 'weights' | 'bias'>): (vector: Float32Array) => number {
  const bytes = Buffer.from(weights, 'base64');
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return (vector) => {
    let sum = bias;
    for (let n = 0; n < values.length; n += 1) sum += (values[n] ?? 0) * (vector[n] ?? 0);
    return Math.max(-logitMax, Math.min(logitMax, sum));
  };
}
