import { observationSchema, type Observation } from '@countersign/contracts';
import type { Policy } from '@countersign/policy/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { TapBench, testPolicy, textOf, until } from './testing/tap-bench.js';
import type { Passage } from './passage.js';

const open: TapBench[] = [];
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.close();
});

/** A tap whose later work is done when the test says so. */
async function bench(policy: Policy = testPolicy): Promise<{ readonly tap: TapBench; readonly doLater: () => void }> {
  const work: (() => void)[] = [];
  const tap = await TapBench.open({ policy, later: (one) => work.push(one) });
  open.push(tap);
  tap.teach();
  const doLater = (): void => {
    for (const one of work.splice(0)) one();
  };
  doLater();
  return { tap, doLater };
}

const stored = ({ spool }: TapBench): Observation[] => spool.read(undefined, 1_000).map(({ record }) => observationSchema.parse(JSON.parse(record)));
const answer = (id: number, text = 'x'): string => JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
const passed = (passage: Passage | Promise<Passage>): string => {
  if (passage instanceof Promise) throw new Error('it waits');
  return textOf(passage);
};

describe('an answer that nobody waits for', () => {
  it('[T53] is stored before it goes on, and says what it answers once it was read', async () => {
    const { tap, doLater } = await bench();
    tap.gate.acknowledges = false;
    passed(tap.call(1, 'list_notes'));
    expect(passed(tap.fromServer(answer(1)))).toBe(answer(1));
    const unread = stored(tap).at(-1);
    expect(unread).toMatchObject({ kind: 'message', direction: 'server-to-client', note: { unread: true }, message: { shape: 'response', rpcId: '1', payload: { content: [{ text: 'x' }] } } });
    expect(unread?.call).toBeUndefined();
    doLater();
    expect(stored(tap).at(-1)).toMatchObject({ id: unread?.id, at: unread?.at, call: { phase: 'result', tool: 'list_notes' }, message: { method: 'tools/call', digest: unread?.message?.digest } });
  });

  it('[T20, T53] is read before the client’s next message is, and before the gate is sent anything', async () => {
    const { tap } = await bench();
    passed(tap.call(1, 'list_notes'));
    passed(tap.fromServer(answer(1)));
    // The same id again: were the answer unread, this would be a duplicate in flight.
    passed(tap.call(1, 'list_notes'));
    await until(() => tap.gate.calls('request').length === 2);
    expect(tap.gate.observations.map(({ seq }) => seq)).toEqual(tap.gate.observations.map((_, index) => index));
    expect(tap.gate.calls('result')[0]).toMatchObject({ message: { inReplyTo: tap.gate.calls()[0]?.id } });
    expect(tap.gate.calls().map(({ message }) => message?.flags)).toEqual([[], []]);
  });

  it('is read before another policy holds: what went on is not refused afterwards', async () => {
    const { tap, doLater } = await bench();
    passed(tap.fromServer('{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{}}'));
    tap.gate.sendPolicy({ ...testPolicy, rules: [{ name: 'no sampling', method: 'sampling/*', when: 'true', deny: 'No.' }, ...testPolicy.rules] }, { atMs: tap.clock.wallMs() + 10 });
    await until(() => stored(tap).concat(tap.gate.observations).some(({ message, note }) => message?.rpcId === '"s1"' && note === undefined));
    doLater();
    expect(tap.recorded().filter(({ message }) => message?.flags.includes('answered-by-tap') === true)).toEqual([]);
    expect(tap.fromServer('{"jsonrpc":"2.0","id":"s2","method":"sampling/createMessage","params":{}}')).toEqual({ kind: 'drop' });
  });

  it('an answer that a verdict is waited for does not go first', async () => {
    const { tap } = await bench({ ...testPolicy, results: { ...testPolicy.results, waitWhen: 'true', deadlineMs: 1_000 } });
    tap.gate.judge = ({ call }) => (call?.phase === 'result' ? undefined : { kind: 'allow' });
    passed(tap.call(1, 'list_notes'));
    expect(tap.fromServer(answer(1))).toBeInstanceOf(Promise);
  });

  it('what was not read when the conversation ends is read then', async () => {
    const { tap } = await bench();
    passed(tap.call(1, 'list_notes'));
    passed(tap.fromServer(answer(1)));
    expect(tap.stream.end('server-exited-0')).toEqual([]);
    expect(tap.notes('call-lost')).toEqual([]);
  });
});

describe('a list of tools', () => {
  const restricted: Policy = { ...testPolicy, agents: [{ name: 'ana', mayCall: ['bank/list_*', 'bank/write_*'] }] };

  it('[T52] does not show an agent what it may never call; the record and the tap’s own knowledge are of the whole list', async () => {
    const { tap, doLater } = await bench(restricted);
    passed(tap.fromClient('{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}'));
    const list = '{"jsonrpc":"2.0","id":5,"result":{"resultType":"complete","tools":[{"name":"list_notes"},{"name":"fetch_page"},{"name":"write_note"}],"nextCursor":"c2","ttlMs":60000,"cacheScope":"public"}}';
    const shown = JSON.parse(passed(tap.fromServer(list))) as unknown;
    expect(shown).toMatchObject({ result: { tools: [{ name: 'list_notes' }, { name: 'write_note' }], nextCursor: 'c2', ttlMs: 0, cacheScope: 'private' } });
    doLater();
    expect(tap.recorded().at(-1)).toMatchObject({ note: { hiddenTools: 1 }, message: { bytes: list.length, payload: { tools: [{ name: 'list_notes' }, { name: 'fetch_page' }, { name: 'write_note' }], cacheScope: 'public' } } });
  });

  it('[T52] an agent nothing is forbidden to gets the list as it came', async () => {
    const { tap } = await bench();
    passed(tap.fromClient('{"jsonrpc":"2.0","id":5,"method":"tools/list"}'));
    const list = '{"jsonrpc":"2.0","id":5,"result":{"tools":[{"name":"fetch_page"}],"nextCursor":"c2"}}';
    expect(passed(tap.fromServer(list))).toBe(list);
  });
});
