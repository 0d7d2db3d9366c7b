/**
 * The policy in force at this tap.
 * PK1. The last good sealed snapshot is on disk and used while the gate is away; before the first one the default policy is.
 * PK2. The sealing key is the first one seen in this data directory; another key's seal is refused, and so is an older snapshot.
 * PK3. A refused snapshot changes nothing.
 */
import { readFileSync } from 'node:fs';
import { compilePolicy, defaultPolicy, openPolicy, type CompiledPolicy } from '@countersign/policy/runtime';
import { isRecord } from '@countersign/wire';
import { replaceFile } from './tap-home.js';

interface Snapshot {
  readonly sealed: string;
  readonly sealKey: string;
  readonly grantKey: string;
}

export class PolicyKeeper {
  readonly #file: string;
  #keys: { readonly sealKey: string; readonly grantKey: string } | undefined;
  #sealedAtMs = 0;
  #current: (() => CompiledPolicy) | undefined;

  private constructor(file: string) {
    this.#file = file;
  }

  /** Costs a few milliseconds for rules that have to be compiled, at the first call that needs them. */
  static open(file: string, log: (line: string) => void): PolicyKeeper {
    const keeper = new PolicyKeeper(file);
    const kept = readSnapshot(file);
    if (kept === undefined) return keeper;
    const problem = keeper.#use(kept);
    if (problem !== undefined) log(`the policy kept in ${file} is not used: ${problem}. The default policy is in force until the gate sends one.`);
    return keeper;
  }

  current(): CompiledPolicy {
    this.#current ??= once(() => compilePolicy(defaultPolicy));
    return this.#current();
  }

  /** Checks grants; undefined until a gate was seen. */
  get grantKey(): string | undefined {
    return this.#keys?.grantKey;
  }

  /** @returns why the snapshot was refused, or undefined when it is in force now. */
  take(snapshot: Snapshot): string | undefined {
    const problem = this.#use(snapshot);
    if (problem === undefined) replaceFile(this.#file, JSON.stringify(snapshot));
    return problem;
  }

  #use({ sealed, sealKey, grantKey }: Snapshot): string | undefined {
    if (this.#keys !== undefined && this.#keys.sealKey !== sealKey) return 'it is sealed by another key than this tap has known';
    const opened = openPolicy(sealed, sealKey);
    if (!opened.ok) return opened.reason;
    if (opened.sealedAtMs < this.#sealedAtMs) return 'it is older than the one in force';
    this.#keys = { sealKey, grantKey };
    this.#sealedAtMs = opened.sealedAtMs;
    this.#current = once(() => compilePolicy(opened.policy));
    return undefined;
  }
}

function readSnapshot(file: string): Snapshot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Absent, or cut by a power loss: the gate sends it again.
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { sealed, sealKey, grantKey } = value;
  return typeof sealed === 'string' && typeof sealKey === 'string' && typeof grantKey === 'string' ? { sealed, sealKey, grantKey } : undefined;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
