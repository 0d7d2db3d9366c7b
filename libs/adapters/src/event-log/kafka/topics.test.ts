/** The topics' definitions against the contracts: a topic without a definition is a ledger that does not start. */
import { readFileSync } from 'node:fs';
import { payloadBytesMax, recordSchemas, topics } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import type { TopicDefinition } from './topics.js';

const { topics: defined } = JSON.parse(readFileSync(new URL('../../../../../infra/kafka/topics.json', import.meta.url), 'utf8')) as { readonly topics: readonly TopicDefinition[] };

describe('infra/kafka/topics.json', () => {
  it('defines each topic of the contracts once, and no other', () => {
    expect(defined.map(({ name }) => name).sort()).toEqual([...topics].sort());
    expect(defined.map(({ name }) => name).sort()).toEqual(Object.keys(recordSchemas).sort());
  });

  it('compacts nothing: the key is the domain, and one record per domain would be left', () => {
    expect(defined.filter(({ cleanup }) => cleanup !== 'delete')).toEqual([]);
  });

  it('keeps decisions for ever, because pins and registered states are rebuilt from them', () => {
    expect(defined.find(({ name }) => name === 'decisions')?.retentionMs).toBe(-1);
  });

  it('takes the largest payload a record may carry, even escaped, and in dead-letters a whole record as text', () => {
    for (const { recordBytesMax } of defined) expect(recordBytesMax).toBeGreaterThanOrEqual(2 * payloadBytesMax);
    const largest = Math.max(...defined.filter(({ name }) => name !== 'dead-letters').map(({ recordBytesMax }) => recordBytesMax));
    expect(defined.find(({ name }) => name === 'dead-letters')?.recordBytesMax).toBeGreaterThanOrEqual(2 * largest);
  });

  it('spreads the four nouns over the same number of partitions, so that a domain’s share is one number', () => {
    expect(new Set(defined.filter(({ name }) => name !== 'dead-letters').map(({ partitions }) => partitions)).size).toBe(1);
  });
});
