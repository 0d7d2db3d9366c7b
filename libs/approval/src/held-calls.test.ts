import type { Observation, Verdict } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { HeldCalls } from './held-calls.js';

function shown(method: string, payload: unknown): string | undefined {
  const calls = new HeldCalls();
  const observation = { id: 'o', call: { phase: 'request', waits: true }, message: { method, payload } } as Observation;
  calls.noticeCall(observation);
  calls.await({ observationId: 'o', findingIds: [] } as unknown as Verdict, 0);
  return calls.takeReady(0)[0]?.argumentsJson;
}

describe('what a card shows of a held call', () => {
  it.each([
    ['the arguments of a call, and none of its metadata', 'tools/call', { name: 't', arguments: { a: 1 }, _meta: { progressToken: 1 } }, { a: 1 }],
    ['no arguments as empty ones', 'tools/call', { name: 't' }, {}],
    ['what the call brings of the server’s round', 'tools/call', { name: 't', arguments: { a: 1 }, requestState: 's', inputResponses: { k: { action: 'accept' } } }, { arguments: { a: 1 }, inputResponses: { k: { action: 'accept' } }, requestState: 's' }],
    ['all params of another method', 'resources/read', { uri: 'file:///x', _meta: {} }, { uri: 'file:///x' }],
  ])('[P9] is %s', (...[, method, payload, expected]) => {
    expect(JSON.parse(shown(method, payload) ?? '')).toEqual(expected);
  });

  it('[P9] is nothing where the payload was not recorded', () => expect(shown('tools/call', undefined)).toBe(''));
});
