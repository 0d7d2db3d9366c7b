/**
 * What the parts of a process say of themselves.
 * HE1. A process is ready when every part that announced itself runs; a part that failed is named with its reason.
 * HE2. The first failure settles `failed`: the process is meant to end and be started again, not to limp on.
 */
export type PartState = 'starting' | 'running' | 'stopped' | { readonly failed: string };

export class Health {
  /** Rejects with the first failure of a part; otherwise never settles. */
  readonly failed: Promise<never>;
  readonly #parts = new Map<string, PartState>();
  #reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.failed = new Promise<never>((_, reject) => (this.#reject = reject));
    // Readers who care await it; `/readyz` tells the others.
    this.failed.catch(() => undefined);
  }

  report(part: string, state: Exclude<PartState, object>): void {
    this.#parts.set(part, state);
  }

  reportFailure(part: string, error: unknown): void {
    this.#parts.set(part, { failed: error instanceof Error ? error.message : String(error) });
    this.#reject(error);
  }

  get isReady(): boolean {
    return [...this.#parts.values()].every((state) => state === 'running');
  }

  get parts(): Readonly<Record<string, PartState>> {
    return Object.fromEntries(this.#parts);
  }
}
