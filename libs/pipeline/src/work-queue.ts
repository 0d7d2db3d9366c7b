/**
 * One job at a time, in the order they were entered: the memory behind it has one writer.
 * A job that rejects rejects to whoever entered it and does not stop the next.
 */
export interface WorkQueue {
  enter(job: () => Promise<void>): Promise<void>;
  /** Resolves when every job entered so far is over. */
  idle(): Promise<void>;
}

export function createWorkQueue(): WorkQueue {
  let last: Promise<void> = Promise.resolve();
  return {
    enter(job) {
      const mine = last.then(job);
      // The queue goes on whatever a job came to; its own caller hears of the error through `mine`.
      last = mine.then(nothing, nothing);
      return mine;
    },
    idle: () => last,
  };
}

function nothing(): void {}
