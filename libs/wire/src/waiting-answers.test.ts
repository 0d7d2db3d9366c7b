import { isInputRequiredResult } from '@modelcontextprotocol/client';
import { ElicitRequestSchema, ProgressNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAbilitiesOf } from './client-abilities.js';
import { readMessage } from './rpc-message.js';
import { cancelledNotification, elicitationOf, elicitationRequest, inputRequiredAnswer, ownRequestId, ownRoundOf, progressNotification, serverRoundOf, wishOf, withServerRound } from './waiting-answers.js';

const ticket = 'c'.repeat(32);
const waiting = { ticket, message: 'A call waits.', url: 'http://127.0.0.1:1/approvals' };
const parsed = (bytes: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
const call = (more: string): Buffer => Buffer.from(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","arguments":{"n":1.0}${more}}}`);

describe('what a client declares', () => {
  it.each([
    ['nothing', 'initialize', { capabilities: {} }, { elicitForm: false, elicitUrl: false, tasks: false }],
    ['an empty elicitation, which means forms', 'initialize', { capabilities: { elicitation: {} } }, { elicitForm: true, elicitUrl: false, tasks: false }],
    ['addresses only', 'initialize', { capabilities: { elicitation: { url: {} } } }, { elicitForm: false, elicitUrl: true, tasks: false }],
    ['everything, with a modern request', 'tools/call', { _meta: { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {}, url: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } } } }, { elicitForm: true, elicitUrl: true, tasks: true }],
  ])('%s', (...[, method, params, abilities]) => expect(clientAbilitiesOf(method, params)).toEqual(abilities));

  it('no declaration is none', () => expect([clientAbilitiesOf('tools/call', {}), clientAbilitiesOf('initialize', undefined)]).toEqual([undefined, undefined]));
});

describe('an elicitation of the tap', () => {
  it('is one the SDK accepts, in both modes, and asks for nothing', () => {
    for (const mode of ['url', 'form'] as const) {
      const request = parsed(elicitationRequest(ownRequestId(ticket, 0), elicitationOf(waiting, mode)));
      expect(ElicitRequestSchema.parse(request)).toMatchObject({ method: 'elicitation/create' });
      expect(request['params']).toMatchObject(mode === 'url' ? { url: waiting.url, mode: 'url' } : { requestedSchema: { properties: {} } });
    }
    expect(ProgressNotificationSchema.parse(parsed(progressNotification('p', 3)))).toMatchObject({ params: { progressToken: 'p', progress: 0.000003 } });
    expect(parsed(cancelledNotification(ownRequestId(ticket, 1)))['params']).toMatchObject({ requestId: JSON.parse(ownRequestId(ticket, 1)) as string });
  });

  it('[TH-19] whatever is answered, it means "wait" or "give up" and nothing else', () => {
    fc.assert(fc.property(fc.jsonValue(), (answer) => {
      expect(['wait', 'give-up']).toContain(wishOf(answer));
    }));
    expect([{ action: 'accept', content: { approved: true } }, { action: 'cancel' }, { action: 'decline' }, null].map(wishOf)).toEqual(['wait', 'wait', 'give-up', 'wait']);
  });
});

describe('a round of the modern protocol', () => {
  it('[T27] names the approval page the first time and only a state afterwards', () => {
    const first = parsed(inputRequiredAnswer('7', ticket, elicitationOf(waiting, 'url')))['result'] as Record<string, unknown>;
    expect(isInputRequiredResult(first)).toBe(true);
    expect(first).toMatchObject({ resultType: 'input_required', inputRequests: { 'dev.countersign/waits': { method: 'elicitation/create' } } });
    expect(parsed(inputRequiredAnswer('7', ticket, undefined))['result']).toEqual({ resultType: 'input_required', requestState: first['requestState'] });
  });

  it('[T27] its answer is known again by the state alone, and a server’s state is nobody’s but the server’s', () => {
    const state = (parsed(inputRequiredAnswer('7', ticket, undefined))['result'] as { requestState: string }).requestState;
    const again = (answers: string) => ownRoundOf(readMessage(call(`,"requestState":${JSON.stringify(state)}${answers}`)));
    expect([again(''), again(',"inputResponses":{"dev.countersign/waits":{"action":"decline"}}')]).toEqual([{ ticket, wish: 'wait' }, { ticket, wish: 'give-up' }]);
    expect(ownRoundOf(readMessage(call(',"requestState":"server state"')))).toBeUndefined();
  });

  it('[T27] what the tap added is out again, and what the server had given is back, byte for byte', () => {
    const ours = ',"inputResponses":{"dev.countersign/waits":{"action":"accept"}},"requestState":"dev.countersign/waits/x"';
    expect(Buffer.from(withServerRound(call(ours), {})).toString()).toBe(call('').toString());
    const servers = ',"requestState":"a\\u002Fb==","inputResponses":{"k":{"n":1.0 }}';
    const round = serverRoundOf(call(servers));
    expect(round).toEqual({ requestState: '"a\\u002Fb=="', inputResponses: '{"k":{"n":1.0 }}' });
    expect(Buffer.from(withServerRound(call(ours), round)).toString()).toBe(call(',"inputResponses":{"k":{"n":1.0 }},"requestState":"a\\u002Fb=="').toString());
    expect(parsed(withServerRound(call(',"requestState":"dev.countersign/waits/x"'), round))['params']).toEqual({ name: 't', arguments: { n: 1 }, requestState: 'a/b==', inputResponses: { k: { n: 1 } } });
  });
});
