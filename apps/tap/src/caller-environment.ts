/**
 * What a client that cannot write metadata hands over otherwise: `COUNTERSIGN_TASK`, `COUNTERSIGN_ATTESTATION_FILE`, a prompt hook's task.
 * CE1. A message's own metadata wins, member by member.
 * CE2. The file is read again when it changed; one that cannot be read is said once and means "none".
 */
import { readFileSync, statSync } from 'node:fs';
import type { CallerMetadata } from '@countersign/wire';
import type { HandedTask } from './handed-task.js';

const attestationCharactersMax = 8192;
const taskCharactersMax = 4096;

export class CallerEnvironment {
  readonly #task: string | undefined;
  readonly #file: string | undefined;
  readonly #log: (line: string) => void;
  #stamp = '';
  #attestation: string | undefined;

  readonly #handed: HandedTask | undefined;

  constructor(env: Readonly<Record<string, string | undefined>>, handed: HandedTask | undefined, log: (line: string) => void) {
    this.#handed = handed;
    this.#task = env['COUNTERSIGN_TASK']?.slice(0, taskCharactersMax) || undefined;
    this.#file = env['COUNTERSIGN_ATTESTATION_FILE'] || undefined;
    this.#log = log;
  }

  /** @returns the metadata to record, or undefined when there is none at all. */
  complete(own: CallerMetadata): CallerMetadata | undefined {
    const attestation = own.attestation ?? this.#attested();
    const task = own.task ?? (this.#task === undefined ? this.#handed?.current() : { text: this.#task });
    const whole = { ...own, ...(attestation === undefined ? {} : { attestation }), ...(task === undefined ? {} : { task }) };
    return Object.keys(whole).length === 0 ? undefined : whole;
  }

  /** Of the task that calls without one of their own belong to. */
  taskId(): string | undefined {
    return this.#task === undefined ? this.#handed?.current()?.id : undefined;
  }

  #attested(): string | undefined {
    if (this.#file === undefined) return undefined;
    try {
      const { mtimeMs, size } = statSync(this.#file);
      const stamp = `${mtimeMs}/${size}`;
      if (stamp !== this.#stamp) {
        this.#stamp = stamp;
        this.#attestation = this.#read(this.#file);
      }
    } catch (error) {
      this.#miss(error instanceof Error ? error.message : String(error));
    }
    return this.#attestation;
  }

  #read(file: string): string | undefined {
    const text = readFileSync(file, 'utf8').trim();
    if (text.length > 0 && text.length <= attestationCharactersMax) return text;
    this.#log(`the attestation in ${file} is empty or longer than ${attestationCharactersMax} characters and is not used.`);
    return undefined;
  }

  #miss(reason: string): void {
    this.#attestation = undefined;
    if (this.#stamp === 'missing') return;
    this.#stamp = 'missing';
    this.#log(`the attestation file cannot be read, calls go without it: ${reason}`);
  }
}
