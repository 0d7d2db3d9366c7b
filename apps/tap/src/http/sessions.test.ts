import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientIdentity, sessionIdleGapMs, type SessionFacts } from '@countersign/wire';
import { EventMemory } from './event-memory.js';
import { SessionTable, type LeaseRequest } from './sessions.js';
import { RecordingCore } from './testing/recording-core.js';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20260822);
const ada = clientIdentity({ userAgent: 'ada' });
const bo = clientIdentity({ userAgent: 'bo' });
const bytes = (text: string) => Buffer.from(text);

function table(sessionsMax = 100): { readonly core: RecordingCore; readonly sessions: SessionTable; lease(facts: Partial<SessionFacts>, more?: Partial<LeaseRequest>): ReturnType<SessionTable['lease']> } {
  const core = new RecordingCore();
  const sessions = new SessionTable(core, { sessionsMax, sessionIdleGapMs, eventIdsMax: 10 });
  return { core, sessions, lease: (facts, more = {}) => sessions.lease({ facts: { identity: ada, ...facts }, rpcIds: [], isInitialize: false, nowMs: 0, ...more }) };
}

/** Uses a lease as an exchange does: one message, then released. Returns the session's name. */
function use(leased: ReturnType<SessionTable['lease']>, core: RecordingCore, nowMs = 0): string | undefined {
  void leased.stream.offer({ direction: 'client-to-server', bytes: bytes('{}'), framing: 'body' });
  leased.release(nowMs);
  return core.streams.find((stream) => stream.arrivals.length > 0)?.info.session;
}

describe('the table of sessions', () => {
  it('[T31] an initialize opens a session that the id in its answer then names', () => {
    const { core, lease } = table();
    const opening = lease({}, { isInitialize: true });
    void opening.stream.offer({ direction: 'client-to-server', bytes: bytes('{}'), framing: 'body' });
    opening.bind('s-1');
    opening.release(0);
    use(lease({ mcpSessionId: 's-1' }), core);
    // Without the id it is another conversation, also of the same client.
    use(lease({}), core);
    expect(core.streams.map((stream) => [stream.info.sessionRule, stream.arrivals.length])).toEqual([['mcp-session-id', 2], ['idle-gap', 1]]);
  });

  it('a server that names no session has its initialize and what follows under one derived session', () => {
    const { core, lease } = table();
    const opening = lease({}, { isInitialize: true });
    void opening.stream.offer({ direction: 'client-to-server', bytes: bytes('{}'), framing: 'body' });
    opening.bind(undefined);
    opening.release(0);
    use(lease({}), core);
    expect(core.streams.map((stream) => [stream.info.sessionRule, stream.arrivals.length])).toEqual([['idle-gap', 2]]);
  });

  it('[T42] in a session the server named, what one exchange waits for is lost alone; a stream that can be resumed loses nothing', () => {
    const { core, lease } = table();
    const opening = lease({}, { isInitialize: true });
    void opening.stream.offer({ direction: 'client-to-server', bytes: bytes('{}'), framing: 'body' });
    opening.bind('s-1');
    opening.release(0);
    const [broken, other] = [lease({ mcpSessionId: 's-1' }, { rpcIds: ['1'] }), lease({ mcpSessionId: 's-1' }, { rpcIds: ['2'] })];
    broken.lose('truncated', { mayResume: true });
    expect(core.streams[0]?.lost).toEqual([]);
    broken.lose('upstream-unreachable');
    expect([core.streams[0]?.lost, core.streams[0]?.ended]).toEqual([['1 upstream-unreachable'], undefined]);
    other.release(0);
    broken.release(0);
    use(lease({ mcpSessionId: 's-1' }), core);
    expect(core.streams).toHaveLength(1);
  });

  it('30 minutes of silence begin another session, measured from the end of the last exchange', () => {
    const { core, lease } = table();
    use(lease({}), core, 1000);
    use(lease({}, { nowMs: 1000 + sessionIdleGapMs }), core, 1000 + sessionIdleGapMs);
    expect(core.streams).toHaveLength(1);
    use(lease({}, { nowMs: 2001 + 2 * sessionIdleGapMs }), core);
    expect(core.streams.map((stream) => stream.ended)).toEqual(['superseded', undefined]);
    expect(new Set(core.streams.map((stream) => stream.info.session)).size).toBe(2);
  });

  it('[T37] equal ids in flight under one derived session get streams of their own, and share it again afterwards', () => {
    const { core, lease } = table();
    const [first, second] = [lease({}, { rpcIds: ['1'] }), lease({}, { rpcIds: ['1'] })];
    expect(first.stream).not.toBe(second.stream);
    expect(new Set(core.streams.map((stream) => stream.info.session)).size).toBe(1);
    first.release(0);
    second.release(0);
    expect(lease({}, { rpcIds: ['1'] }).stream).toBe(first.stream);
  });

  it('[T25] equal ids in flight in a session the server named stay on its stream, which flags them', () => {
    const { lease } = table();
    expect(lease({ mcpSessionId: 's' }, { rpcIds: ['1'] }).stream).toBe(lease({ mcpSessionId: 's' }, { rpcIds: ['1'] }).stream);
  });

  it('[T42] a lost answer ends the stream it belongs to only where no other exchange uses it', () => {
    const { core, lease } = table();
    const alone = lease({ taskId: 't' }, { rpcIds: ['1'] });
    void alone.stream;
    alone.lose('truncated');
    const [first, second] = [lease({}, { rpcIds: ['1'] }), lease({}, { rpcIds: ['2'] })];
    expect(first.stream).toBe(second.stream);
    first.lose('truncated');
    expect(core.streams.map((stream) => stream.ended)).toEqual(['truncated', undefined]);
  });

  it('a deleted session ends when its last exchange does', () => {
    const { core, lease } = table();
    const stream = lease({ mcpSessionId: 's' });
    const deletion = lease({ mcpSessionId: 's' });
    void stream.stream;
    deletion.endSession('deleted');
    deletion.release(0);
    expect(core.streams[0]?.ended).toBeUndefined();
    stream.release(0);
    expect(core.streams[0]?.ended).toBe('deleted');
  });

  it('an older server names its session by the address it wants messages at', () => {
    const { core, lease } = table();
    const listening = lease({});
    listening.bindAddress('/messages?sessionId=1');
    use(lease({ identity: bo }, { postedTo: '/messages?sessionId=1', isInitialize: true }), core);
    expect(lease({ identity: bo }, { postedTo: '/messages?sessionId=1' }).stream).toBe(listening.stream);
  });

  it('keeps no more than it may, and ends the one unused longest', () => {
    const { core, sessions, lease } = table(2);
    const kept = lease({ mcpSessionId: 'busy' });
    void kept.stream;
    for (const id of ['a', 'b', 'c']) use(lease({ mcpSessionId: id }), core);
    expect(sessions.size).toBe(2);
    expect(core.streams.map((stream) => stream.ended)).toEqual([undefined, 'evicted', 'evicted', undefined]);
  });

  it(`[T31] no two clients and no two named sessions ever meet on a stream, whatever the order (fast-check seed ${seed})`, () => {
    const step = fc.record({ who: fc.constantFrom(ada, bo), mcpSessionId: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }), taskId: fc.option(fc.constantFrom('t', 'u'), { nil: undefined }), isInitialize: fc.boolean(), gap: fc.constantFrom(0, sessionIdleGapMs + 1), keep: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { core, lease } = table(5);
        let nowMs = 0;
        for (const { who, mcpSessionId, taskId, isInitialize, gap, keep } of steps) {
          nowMs += gap;
          const leased = lease({ identity: who, mcpSessionId, taskId }, { isInitialize, nowMs, rpcIds: ['1'] });
          void leased.stream.offer({ direction: 'client-to-server', bytes: bytes(mcpSessionId ?? `${who}${taskId ?? ''}`), framing: 'body' });
          if (!keep) leased.release(nowMs);
        }
        for (const stream of core.streams) expect(new Set(stream.arrivals.map((arrival) => Buffer.from(arrival.bytes).toString())).size).toBeLessThanOrEqual(1);
      }),
      { seed },
    );
  });
});

describe('the memory of events', () => {
  const event = (text: string) => bytes(text);

  it('[T33] hands a replay the passage of the first time, also while that is undecided', async () => {
    const memory = new EventMemory(10);
    let decide: (passage: { kind: 'drop' }) => void = () => undefined;
    const first = memory.passage('1', event('a'), () => new Promise((resolve) => (decide = resolve)));
    const replay = memory.passage('1', event('a'), () => { throw new Error('offered twice'); });
    decide({ kind: 'drop' });
    expect([await first, await replay]).toEqual([{ kind: 'drop' }, { kind: 'drop' }]);
  });

  it('[T33] offers again what it had to forget, and what it was never told', () => {
    const memory = new EventMemory(2);
    let offers = 0;
    const offer = () => {
      offers += 1;
      return { kind: 'forward' as const, bytes: event('a') };
    };
    for (const id of ['1', '2', '3', '1', undefined, undefined, '']) void memory.passage(id, event('a'), offer);
    expect(offers).toBe(7);
  });

  it('a failed decision is not remembered', async () => {
    const memory = new EventMemory(2);
    await expect(memory.passage('1', event('a'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await new Promise((resolve) => setImmediate(resolve));
    expect(memory.passage('1', event('a'), () => ({ kind: 'drop' }))).toEqual({ kind: 'drop' });
  });
});
