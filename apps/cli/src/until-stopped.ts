/** Runs something until a signal or a defect ends it. */
const stopMsMax = 45_000;

export interface Stoppable {
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Resolves never: the process exits 0 after a stop in order, 1 after one that took too long. @throws the defect that ended a part. */
export async function untilStopped(running: Stoppable): Promise<never> {
  const stop = async (): Promise<never> => {
    const late = setTimeout(() => {
      process.stderr.write(`countersign: stopping took longer than ${stopMsMax / 1_000} s and was broken off. What was acknowledged is safe; what was in hand comes again at the next start.\n`);
      process.exit(1);
    }, stopMsMax);
    await running.stop();
    clearTimeout(late);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
  return running.failed;
}
