import { messageSchema, payloadBytesMax, type ObservedMessage } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { observedMessage, observedPayloadBytesMax } from './observed.js';
import { readMessage } from './rpc-message.js';
import { recordText } from './spool-record.js';

const observe = (text: string, payload: 'full' | 'digest-only' = 'full', framing = '\n') =>
  recorded(Buffer.from(text), { framing, payload });

/** As the record's reader sees it. */
function recorded(raw: Buffer, { framing, payload }: { readonly framing: string; readonly payload: 'full' | 'digest-only' }): ObservedMessage {
  const { text, raw: kept, payload: span } = observedMessage(readMessage(raw), { raw, framing, payload, flags: [] });
  const record = kept === undefined ? `{"message":${text}}}` : recordText({ head: `{"message":${text}`, raw: kept, payload: span });
  return messageSchema.parse((JSON.parse(record) as { message: unknown }).message);
}

describe('what the record says of a message', () => {
  it('its payload bound is the contract’s', () => expect(observedPayloadBytesMax).toBe(payloadBytesMax));

  it.each([
    ['{"id":1,"method":"m","params":{"a":1}}', { shape: 'request', payload: { a: 1 }, rpcId: '1' }],
    ['{"id":1,"result":{"b":2}}', { shape: 'response', payload: { b: 2 } }],
    ['{"id":1,"error":{"code":1}}', { shape: 'error', payload: { code: 1 } }],
    ['plain words', { shape: 'noise', payload: 'plain words' }],
    ['', { flags: ['blank'] }],
    [`{"id":1,"method":"m","params":${'['.repeat(200)}${']'.repeat(200)}}`, { shape: 'uninspectable', flags: ['too-deep'] }],
    [`{"id":1,"method":"m","params":{"a":"${'x'.repeat(300_000)}"}}`, { flags: ['over-cap'] }],
    ['{"id":1,"method":"m","params":{"a":1,"a":2}}', { flags: ['ambiguous-json'] }],
  ])('[T53] of %.60s', (text, expected) => {
    const seen = observe(text);
    expect(seen).toMatchObject(expected);
  });

  it('[T4] endings are in the record', () => {
    expect(observe('{}', 'full', '\r\n').flags).toContain('crlf');
    expect(observe('{}', 'full', '').flags).toContain('no-newline');
  });

  it('under digest-only there is a digest and no payload', () => {
    const seen = observe('{"id":1,"method":"m","params":{"a":1}}', 'digest-only');
    expect(seen).not.toHaveProperty('payload');
    expect(seen.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('our metadata is not in the payload', () => {
    expect(observe('{"id":1,"method":"m","params":{"a":1,"_meta":{"dev.countersign/activation":[1],"x/y":2}}}').payload).toEqual({ a: 1, _meta: { 'x/y': 2 } });
  });
});
