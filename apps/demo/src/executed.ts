/**
 * What the servers really did, in their own words: one JSON line per executed call, synced before the answer.
 * This file, and nothing of Countersign's, says whether an attack succeeded.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface ExecutedCall {
  readonly server: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export class ExecutedCalls {
  readonly #fd: number;
  constructor(readonly file: string) {
    this.#fd = openSync(file, 'a', 0o600);
  }

  record(call: ExecutedCall): void {
    writeSync(this.#fd, `${JSON.stringify(call)}\n`);
    fsyncSync(this.#fd);
  }

  all(): readonly ExecutedCall[] {
    if (!existsSync(this.file)) return [];
    return readFileSync(this.file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as ExecutedCall);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
