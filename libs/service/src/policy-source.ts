/**
 * The policy in force, from a file that people edit.
 * PS1. A wrong policy at start is refused with file, line and reason; nothing starts.
 * PS2. A wrong policy at reload is refused the same way, and the old one stays in force.
 * PS3. Everyone who asked is told of a change after it took effect.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Telemetry } from '@countersign/pipeline';
import { compilePolicy, defaultPolicyText, parsePolicy, type CompiledPolicy } from '@countersign/policy';

export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Says where and why, one line per problem; `policy.yaml:12:5 …`. */
export class PolicyRefused extends Error {
  override readonly name = 'PolicyRefused';
  constructor(readonly problems: readonly PolicyProblem[]) {
    super(problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).join('\n'));
  }
}

const pollMs = 1_000;

export class PolicySource {
  #current: CompiledPolicy;
  #text: string;
  #timer: NodeJS.Timeout | undefined;
  #stamp = '';
  readonly #listeners = new Set<(policy: CompiledPolicy) => void>();

  private constructor(readonly file: string, readonly telemetry: Telemetry) {
    this.#text = readFileSync(file, 'utf8');
    this.#current = read(this.#text, file);
    this.#stamp = stampOf(file);
  }

  /** Opens `file`, writing the default policy there first if nothing exists. @throws {PolicyRefused} */
  static open(file: string, telemetry: Telemetry): PolicySource {
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, defaultPolicyText, { mode: 0o600 });
    }
    const source = new PolicySource(file, telemetry);
    telemetry({ event: 'PolicyLoaded', level: 'info', message: `policy ${source.current().version} is in force`, fields: { version: source.current().version } });
    return source;
  }

  current(): CompiledPolicy {
    return this.#current;
  }

  text(): string {
    return this.#text;
  }

  onChange(listener: (policy: CompiledPolicy) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts another text in force without touching the file (a demonstration, a test). @throws {PolicyRefused} */
  use(text: string, name: string): void {
    this.#take(text, read(text, name));
  }

  /** Reads the file again; a wrong one is reported and changes nothing (PS2). */
  reload(): void {
    try {
      const text = readFileSync(this.file, 'utf8');
      this.#take(text, read(text, this.file));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `the new policy was refused, ${this.#current.version} stays in force:\n${reason}`;
      this.telemetry({ event: 'PolicyRefused', level: 'error', message, fields: { reason } });
    }
  }

  watch(): void {
    this.#timer ??= setInterval(() => {
      const stamp = stampOf(this.file);
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      this.reload();
    }, pollMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #take(text: string, policy: CompiledPolicy): void {
    this.#text = text;
    if (policy.version === this.#current.version) return;
    this.#current = policy;
    this.telemetry({ event: 'PolicyLoaded', level: 'info', message: `policy ${policy.version} is in force`, fields: { version: policy.version } });
    for (const listener of this.#listeners) listener(policy);
  }
}

function read(text: string, file: string): CompiledPolicy {
  const parsed = parsePolicy(text, file);
  if (!parsed.ok) throw new PolicyRefused(parsed.problems);
  return compilePolicy(parsed.policy);
}

function stampOf(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file);
    return `${mtimeMs}/${size}`;
  } catch {
    return 'missing';
  }
}
