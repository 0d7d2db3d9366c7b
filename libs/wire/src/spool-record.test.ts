import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observedMessage } from './observed.js';
import { readMessage } from './rpc-message.js';
import { rebuiltMessage, recordLiteral, recordText, type SpoolRecord } from './spool-record.js';

function recordOf(raw: Buffer): SpoolRecord {
  const { text, raw: kept, payload } = observedMessage(readMessage(raw), { raw, framing: '\n', payload: 'full', flags: [] });
  const head = `{"v":1,"message":${text}`;
  return kept === undefined ? `${head}}}` : { head, raw: kept, payload };
}

const spaces = fc.constantFrom('', ' ', '\t', '\n  ', '\r');
const value = fc.oneof(fc.json(), fc.constantFrom('1.0', '-0', '1e2', '"\\u00e9\\/"', '"𝄞\\ud834\\udd1e"', '{"a":1,"a":2}', '{"2":1,"1":2}', `"${'long '.repeat(1_000)}"`));
const member = fc.tuple(fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error', 'vendor', '_meta'), value, spaces);
const message = fc.array(member, { maxLength: 6 }).map((members) => Buffer.from(`{${members.map(([key, text, space]) => `${space}"${key}"${space}:${space}${text}${space}`).join(',')}}`));

describe('a record and its message', () => {
  it('[T54] a message of any spelling is rebuilt from its record, byte for byte', () => {
    fc.assert(fc.property(fc.oneof(message, fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text))), (raw) => {
      expect(rebuiltMessage(recordText(recordOf(raw)))?.toString()).toBe(raw.toString());
    }), { numRuns: 500 });
  });

  it('[T54] bytes that are not UTF-8, and what our own metadata was cut out of, say that they cannot be rebuilt', () => {
    const call = (inside: string): string => `{"id":1,"method":"m","params":{"a":"${inside}"}}`;
    expect(rebuiltMessage(recordText(recordOf(Buffer.concat([Buffer.from('{"id":1,"method":"m","params":{"a":"'), Buffer.from([0xff]), Buffer.from('"}}')]))))).toBeUndefined();
    expect(rebuiltMessage(recordText(recordOf(Buffer.from('{"id":1,"method":"m","params":{"_meta":{"dev.countersign/task":"x"}}}'))))).toBeUndefined();
    expect(rebuiltMessage(recordText(recordOf(Buffer.from(call('é')))))?.toString()).toBe(call('é'));
  });

  it('its literal is what JSON.stringify makes of its text', () => {
    fc.assert(fc.property(message, (raw) => {
      const record = recordOf(raw);
      expect(recordLiteral(record)).toBe(JSON.stringify(recordText(record)));
    }), { numRuns: 300 });
  });
});
