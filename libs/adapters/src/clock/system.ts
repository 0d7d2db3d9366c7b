/** Time as this machine has it. */
import { Clock } from '@countersign/pipeline';

/** Node's timers take at most 2^31-1 ms; a longer wait wakes early, which C2 allows. */
const afterMsMax = 2_147_483_647;

export class SystemClock extends Clock {
  wallMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(ms: number, wake: () => void): () => void {
    const timer = setTimeout(wake, Math.min(Math.max(0, ms), afterMsMax));
    return () => clearTimeout(timer);
  }
}
