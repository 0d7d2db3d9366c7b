import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientIdentity, continuesSession, sessionIdleGapMs, sessionKeyOf, sessionName, traceIdOf, type SessionFacts } from './http-session.js';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20260822);

const identity = clientIdentity({ userAgent: 'node' });
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe(`the session of a request (fast-check seed ${seed})`, () => {
  const table: readonly [name: string, facts: SessionFacts, rule: string][] = [
    ['what the server named comes first', { mcpSessionId: 's', taskId: 't', traceparent, identity }, 'mcp-session-id'],
    ['then a task', { taskId: 't', traceparent, identity }, 'task'],
    ['then a trace', { traceparent, identity }, 'trace'],
    ['then time', { identity }, 'idle-gap'],
    ['an empty task is none', { taskId: '', identity }, 'idle-gap'],
    ['a trace of zeroes is none', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, identity }, 'idle-gap'],
    ['a malformed trace is none', { traceparent: 'x', identity }, 'idle-gap'],
    ['an empty session id of the server is one', { mcpSessionId: '', identity }, 'mcp-session-id'],
  ];
  it.each(table)('[T31] %s', (_name, facts, rule) => {
    expect(sessionKeyOf(facts).rule).toBe(rule);
  });

  it('two spans of one trace are one session, two traces are two', () => {
    const other = traceparent.replace('b7ad6b7169203331', 'aaaaaaaaaaaaaaaa');
    expect(sessionKeyOf({ traceparent: other, identity })).toEqual(sessionKeyOf({ traceparent, identity }));
    expect(traceIdOf(traceparent)).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(sessionKeyOf({ traceparent: traceparent.replace('0af7', '1af7'), identity })).not.toEqual(sessionKeyOf({ traceparent, identity }));
  });

  it('[T37] different clients never share a derived session, whatever they send', () => {
    const facts = fc.record({ userAgent: fc.string(), credentialTag: fc.string(), clientName: fc.string(), clientVersion: fc.string() });
    fc.assert(
      fc.property(facts, facts, fc.option(fc.string(), { nil: undefined }), (a, b, taskId) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(sessionKeyOf({ taskId, identity: clientIdentity(a) }).key).not.toBe(sessionKeyOf({ taskId, identity: clientIdentity(b) }).key);
      }),
      { seed },
    );
  });

  it('a silence of 30 minutes ends a conversation that nothing else holds together', () => {
    expect([0, 1, sessionIdleGapMs, sessionIdleGapMs + 1].map((gap) => continuesSession(1000, 1000 + gap))).toEqual([true, true, true, false]);
  });

  it('the name of a task survives a restart, the name of a silence does not, and neither shows what it was made of', () => {
    const task = sessionKeyOf({ taskId: 'secret-task', identity });
    const gap = sessionKeyOf({ identity });
    expect(sessionName(task, 'a')).toBe(sessionName(task, 'b'));
    expect(sessionName(gap, 'a')).not.toBe(sessionName(gap, 'b'));
    expect(sessionName(sessionKeyOf({ mcpSessionId: 'bearer', identity }), 'a')).toMatch(/^http-[0-9a-f]{32}$/);
  });
});
