/**
 * Small typed values that policy lets out of a label: a total, a count, an order's number.
 * DC1. Every label of the value must allow its kind. Each value says at most `bitsMax`, and a session at most the label's budget in all.
 * DC2. A value that was let out once is let out again without paying twice.
 */
import type { Policy } from '@countersign/policy';
import type { Hit } from './labelled-values.js';
import type { Session } from './memory.js';

const bitsMax = 32;
const budgetBits = 128;
const bitsPerDigit = Math.log2(10);
const bitsPerSign = Math.log2(36);

export function isDeclassified(hit: Pick<Hit, 'how' | 'value' | 'source'>, around: { session: Session; policy: Policy }): boolean {
  const { session, policy } = around;
  const kind = hit.how === 'value' ? kindOf(hit.value) : undefined;
  if (kind === undefined) return false;
  const rules = hit.source.names.map((name) => policy.sources.filter((source) => source.name === name && source.declassify?.includes(kind.kind) === true));
  if (kind.bits > bitsMax || rules.some((named) => named.length === 0)) return false;
  if (session.declassified.has(hit.value)) return true;
  const budget = Math.min(...rules.flat().map((source) => source.declassifyBits ?? budgetBits));
  const spent = [...session.declassified.values()].reduce((sum, bits) => sum + bits, 0);
  if (spent + kind.bits > budget) return false;
  session.declassified.set(hit.value, kind.bits);
  return true;
}

function kindOf(key: string): { kind: 'number' | 'id'; bits: number } | undefined {
  const value = key.startsWith('@') ? key.slice(1) : key;
  if (/^\d+(?:\.\d+)?$/.test(value)) return { kind: 'number', bits: value.replace('.', '').length * bitsPerDigit };
  if (/^[a-z0-9_-]+$/.test(value)) return { kind: 'id', bits: value.length * bitsPerSign };
  return undefined;
}
