/** Correlation, eras, answers: small tables. */
import { describe, expect, it } from 'vitest';
import { refusalAnswer, type Refusal } from './answers.js';
import { Correlation } from './correlation.js';
import { clientLabelOf, eraOf } from './era.js';

const refusal: Refusal = { code: 'denied', reason: 'flow-to-sink', what: 'What.', why: 'Why.', wouldPass: 'Pass.', quarantineId: 'q1' };
const parse = (bytes: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;

describe('correlation', () => {
  it('[T19] an answer finds the request of its own id and type', () => {
    const table = new Correlation<string>({ unansweredMax: 10 });
    for (const id of ['1', '"1"', '0', '""']) table.ask(id, id);
    expect(table.answer('"1"')?.about).toBe('"1"');
    expect(table.answer('1.0')?.about).toBe('1');
    expect(table.answer('2')).toBeUndefined();
    expect(table.size).toBe(2);
  });

  it('[T25] a repeated id in flight is said, and both are answered in the order they came', () => {
    const table = new Correlation<string>({ unansweredMax: 10 });
    expect([table.ask('1', 'first').isDuplicate, table.ask('1', 'second').isDuplicate]).toEqual([false, true]);
    expect(table.answer('1')).toEqual({ about: 'first', isLate: false, others: ['second'] });
    expect(table.answer('1')).toEqual({ about: 'second', isLate: false, others: [] });
  });

  it('[T24] an answer after cancellation is known as late', () => {
    const table = new Correlation<string>({ unansweredMax: 10 });
    table.ask('1', 'x');
    expect(table.cancel('1')).toEqual(['x']);
    expect(table.answer('1')).toMatchObject({ isLate: true });
  });

  it('at most so many unanswered requests are remembered; the oldest is forgotten', () => {
    const table = new Correlation<number>({ unansweredMax: 3 });
    const forgotten = [0, 1, 2, 3, 4].flatMap((id) => table.ask(String(id), id).forgotten);
    expect(forgotten).toEqual([0, 1]);
    expect(table.takeAll().map(({ about }) => about)).toEqual([2, 3, 4]);
    expect(table.size).toBe(0);
  });
});

describe('eras', () => {
  const modern = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 'c', version: '2' } } };
  it.each([
    [modern, {}, { era: 'modern', protocolVersion: '2026-07-28' }],
    [modern, { negotiated: '2025-06-18' }, { era: 'modern', protocolVersion: '2026-07-28' }],
    [{}, { negotiated: '2025-06-18' }, { era: 'legacy', protocolVersion: '2025-06-18' }],
    [undefined, { header: '2026-07-28' }, { era: 'modern', protocolVersion: '2026-07-28' }],
    [undefined, {}, { era: 'legacy' }],
  ])('%j in a session of %j is %j', (params, session, era) => expect(eraOf(params, session)).toEqual(era));

  it('a client names itself in initialize or in a modern request', () => {
    expect(clientLabelOf('initialize', { clientInfo: { name: 'c', version: '1' } })).toEqual({ clientName: 'c', clientVersion: '1' });
    expect(clientLabelOf('tools/call', modern)).toEqual({ clientName: 'c', clientVersion: '2' });
    expect(clientLabelOf('tools/call', {})).toBeUndefined();
  });
});

describe('answers a client accepts', () => {
  it('[T45] a tool call is refused with an isError result that carries resultType iff modern', () => {
    const legacy = parse(refusalAnswer({ rpcId: '"a"', isToolCall: true, era: 'legacy' }, refusal));
    const modern = parse(refusalAnswer({ rpcId: '1.0', isToolCall: true, era: 'modern' }, refusal));
    expect(legacy).toMatchObject({ jsonrpc: '2.0', id: 'a', result: { isError: true, content: [{ type: 'text', text: 'What. Why. Pass.' }] } });
    expect(legacy['result']).not.toHaveProperty('resultType');
    expect(modern).toMatchObject({ id: 1, result: { isError: true, resultType: 'complete', _meta: { 'dev.countersign/refusal': { quarantineId: 'q1' } } } });
  });

  it('[T19] the id comes back as it was written', () => {
    expect(Buffer.from(refusalAnswer({ rpcId: '9007199254740993', isToolCall: true, era: 'legacy' }, refusal)).toString()).toContain('"id":9007199254740993,');
  });

  it('anything else is refused with an error of our own code', () => {
    expect(parse(refusalAnswer({ rpcId: '1', isToolCall: false, era: 'modern' }, refusal))).toMatchObject({ id: 1, error: { code: -31999, message: 'What. Why. Pass.', data: { reason: 'flow-to-sink' } } });
  });
});
