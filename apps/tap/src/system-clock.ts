/** Time as this machine has it; the adapters' own clock would bring the ledger's schemas into a process that must start fast. */
import type { Clock } from '@countersign/pipeline';

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};
