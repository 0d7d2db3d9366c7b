import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionDigest, type ActionContext } from './action-digest.js';

const context: ActionContext = { domain: 'local', agent: { name: 'ana', role: 'buyer' }, session: 's', server: 'bank', tool: 'pay', policyVersion: 'default-1+0' };
const digest = (args: string | undefined, changed: Partial<ActionContext> = {}): string =>
  actionDigest(Buffer.from(`{"id":1,"method":"tools/call","params":{"name":"pay"${args === undefined ? '' : `,"arguments":${args}`}}}`), { ...context, ...changed });

describe('the action digest names one exact call', () => {
  it.each([
    ['member order', '{"b":[1,2],"a":"x"}', '{"a":"x","b":[1,2]}'],
    ['white space', '{ "a" : [ 1 ,\t2 ] }', '{"a":[1,2]}'],
    ['string escaping', '{"a":"\\u00e9\\/"}', '{"a":"é/"}'],
    ['nested member order', '{"a":{"y":1,"x":2}}', '{"a":{"x":2,"y":1}}'],
  ])('[P4] %s makes no difference', (_, a, b) => expect(digest(a)).toBe(digest(b)));

  it.each([
    ['a byte of an argument', '{"a":"x"}', '{"a":"y"}'],
    ['the spelling of a number', '{"a":1}', '{"a":1.0}'],
    ['an exponent', '{"a":1}', '{"a":1e0}'],
    ['Unicode normal forms', '{"a":"\\u00e9"}', '{"a":"e\\u0301"}'],
    ['a number and its text', '{"a":1}', '{"a":"1"}'],
    ['a repeated key', '{"a":1}', '{"a":1,"a":1}'],
    ['the order of an array', '{"a":[1,2]}', '{"a":[2,1]}'],
    ['no arguments and empty ones', undefined, '{}'],
    ['no arguments and null', undefined, 'null'],
  ])('[P4] %s makes another call', (_, a, b) => expect(digest(a)).not.toBe(digest(b)));

  it.each<Partial<ActionContext>>([{ domain: 'x' }, { agent: { name: 'x', role: 'buyer' } }, { agent: { name: 'ana', role: 'x' } }, { session: 'x' }, { server: 'x' }, { tool: 'x' }, { policyVersion: 'x' }])('[P4] another context %j makes another call', (changed) => {
    expect(digest('{}', changed)).not.toBe(digest('{}'));
  });

  it('[P4] of another method its name and all its params but the metadata count', () => {
    const asked = (params: string, method = 'resources/read') => actionDigest(Buffer.from(`{"id":1,"method":"${method}","params":${params}}`), { ...context, tool: method, method });
    expect(asked('{"uri":"a:","_meta":{"progressToken":1}}')).toBe(asked('{ "_meta":{"progressToken":2}, "uri":"a:" }'));
    const others = [asked('{"uri":"b:"}'), asked('{"uri":"a:","x":1}'), asked('{}'), asked('{"uri":"a:"}', 'resources/subscribe')];
    expect(new Set([asked('{"uri":"a:"}'), ...others]).size).toBe(5);
  });

  it('[P4] a call that brings answers to a server’s questions is another call than one that brings none, or others', () => {
    const call = (more: string) => actionDigest(Buffer.from(`{"id":1,"method":"tools/call","params":{"name":"pay","arguments":{}${more}}}`), { ...context, hasRound: more !== '' });
    const all = ['', ',"requestState":"a"', ',"requestState":"b"', ',"requestState":"a","inputResponses":{"k":1}', ',"requestState":"a","inputResponses":{"k":1.0}'].map(call);
    expect(new Set(all).size).toBe(5);
    expect(all[0]).toBe(digest('{}'));
  });

  it('[P4] says the same whatever was named before it', () => {
    const one = { ...context, tool: 'one' };
    const alone = digest('{"a":1}', one);
    digest('{"a":1}', { ...one, agent: { name: 'ana', role: 'other' } });
    expect(digest('{"a":1}', one)).toBe(alone);
    // The digest of a call of before this was kept, computed from the definition (AD1).
    expect(digest('{"a":1}', context)).toBe(createHash('sha256').update('{"agent":{"name":"ana","role":"buyer"},"args":{"a":1},"domain":"local","policyVersion":"default-1+0","server":"bank","session":"s","tool":"pay","v":1}').digest('hex'));
    expect(digest(undefined, context)).toBe(createHash('sha256').update('{"agent":{"name":"ana","role":"buyer"},"domain":"local","policyVersion":"default-1+0","server":"bank","session":"s","tool":"pay","v":1}').digest('hex'));
  });

  it('[P4] two texts of one value have one digest, of two values two', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(digest(JSON.stringify(a))).toBe(digest(JSON.stringify(a, null, 2)));
        if (JSON.stringify(a) !== JSON.stringify(b)) expect(digest(JSON.stringify({ a }))).not.toBe(digest(JSON.stringify({ b })));
      }),
    );
  });
});
