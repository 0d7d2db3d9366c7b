/** One row of the demonstration: what was expected, what was decided, and what the server itself says it executed. */
import type { Verdict } from '@countersign/contracts';
import { inWords } from './verdict-watch.js';

export interface Row {
  readonly scenario: string;
  /** `passed`: untouched; `approved`: a person let it pass. */
  readonly expected: 'stopped' | 'passed' | 'approved' | 'flagged';
  readonly verdict: string;
  /** From the server's own record (or the file system), never from ours. */
  readonly executed: boolean;
  readonly ok: boolean;
}

export interface RowInput {
  readonly scenario: string;
  readonly expected: Row['expected'];
  readonly verdict: Verdict | undefined;
  readonly executed: boolean;
  /** Observe-only: attacks must be seen to succeed, or the demonstration proves nothing. */
  readonly unguarded: boolean;
}

export function row({ scenario, expected, verdict, executed, unguarded }: RowInput): Row {
  return { scenario, expected, verdict: inWords(verdict), executed, ok: unguarded ? executed : isOk(expected, verdict, executed) };
}

function isOk(expected: Row['expected'], verdict: Verdict | undefined, executed: boolean): boolean {
  if (!verdict) return false;
  switch (expected) {
    case 'stopped':
      return !executed && verdict.kind !== 'allow';
    case 'passed':
      return executed && verdict.kind === 'allow';
    case 'approved':
      return executed && verdict.kind === 'step_up';
    case 'flagged':
      return executed;
  }
}
