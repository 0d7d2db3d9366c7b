/** Arguments the policy changes: what is sent, judged, shown and recorded is the changed call. */
import type { Policy } from '@countersign/policy/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import type { Passage } from './passage.js';
import { TapBench, testPolicy, textOf, until } from './testing/tap-bench.js';

let bench: TapBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const edits: NonNullable<Policy['edits']> = [
  { name: 'short notes', server: 'bank', tool: 'write_note', argument: 'limit', max: 100 },
  { name: 'no copies', server: '*', tool: 'write_*', argument: 'cc', drop: true },
  { name: 'few at once', server: 'bank', tool: 'list_notes', argument: 'n', max: 10 },
];
const policy: Policy = { ...testPolicy, edits };

async function quiet(changed: Policy = policy): Promise<TapBench> {
  bench = await TapBench.open({ policy: changed });
  bench.gate.judge = () => undefined;
  bench.teach();
  await until(() => (bench as TapBench).gate.observations.some(({ message }) => message?.method === 'tools/list'));
  return bench;
}

const call = (id: number, args: string, tool = 'write_note'): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${tool}","arguments":${args}}}`;
const refusal = (passage: Passage): string => JSON.stringify(JSON.parse(textOf(passage)));

describe('a call the policy changes', () => {
  it('is judged, shown and sent as changed; the record says what was', async () => {
    const tap = await quiet();
    const held = Promise.resolve(tap.fromClient(call(1, '{"text":"\\u00e9", "limit":250 ,"cc":["eve"]}')));
    await until(() => tap.gate.calls().length === 1);
    expect(tap.gate.calls()[0]).toMatchObject({
      message: { payload: { arguments: { text: 'é', limit: 100 } } },
      call: { waits: true, edits: [{ rule: 'short notes', path: 'limit', did: 'lowered', was: '250' }, { rule: 'no copies', path: 'cc', did: 'dropped', was: '["eve"]' }] },
    });
    expect(JSON.stringify(tap.gate.calls()[0]?.message?.payload)).not.toContain('eve');
    tap.gate.verdict(tap.gate.calls()[0] as never, { kind: 'modify' });
    expect(textOf(await held)).toBe(call(1, '{"text":"\\u00e9", "limit":100}'));
  });

  it('[P4] has the digest of the changed call: what was asked for and what it was cut to are one call', async () => {
    const tap = await quiet();
    for (const [id, limit] of [[1, 250], [2, 100], [3, 99]] as const) void tap.fromClient(call(id, `{"limit":${limit}}`));
    await until(() => tap.gate.calls().length === 3);
    const [a, b, c] = tap.gate.calls().map(({ call: seen }) => seen?.actionDigest);
    expect([a === b, a === c]).toEqual([true, false]);
    await tap.clock.advance(1_000);
  });

  it('at tier low is changed too, and one within its bounds keeps its very bytes', async () => {
    const tap = await quiet();
    expect(textOf(await tap.fromClient(call(1, '{"n":50}', 'list_notes')))).toBe(call(1, '{"n":10}', 'list_notes'));
    const within = Buffer.from(call(2, '{"n": 9.0 }', 'list_notes'));
    expect(tap.stream.offer({ direction: 'client-to-server', bytes: within, framing: '\n' })).toEqual({ kind: 'forward', bytes: within });
  });

  it.each([
    ['is no number', call(1, '{"n":"50"}', 'list_notes'), /few at once.*no number/],
    ['can be read in two ways', call(1, '{"n":1,"n":50}', 'list_notes'), /read in two ways/],
  ])('[P5] that cannot be changed, because its argument %s, is refused at any tier', async (_, text, why) => {
    const tap = await quiet();
    expect(refusal(await tap.fromClient(text))).toMatch(why);
  });

  it('[T43] too long to be read, it is refused: padding is no way around a cap', async () => {
    const tap = await quiet();
    const long = (tool: string) => tap.stream.offerLong({ direction: 'client-to-server', framing: '\n', digest: 'd', envelope: { bytes: 5_000_000, isSure: true, method: 'tools/call', tool, rpcId: '1' } as never }).kind;
    expect(long('list_notes')).toBe('answer');
  });

  it('a verdict that would change a call the policy left alone is refused: what runs is what was judged', async () => {
    const tap = await quiet();
    tap.gate.judge = () => ({ kind: 'modify' });
    expect(refusal(await tap.fromClient(call(1, '{"limit":5}')))).toMatch(/would change its arguments/);
  });

  it('[P9] approved by a person, exactly the changed call runs', async () => {
    const tap = await quiet();
    const held = Promise.resolve(tap.fromClient(call(1, '{"limit":900}')));
    await until(() => tap.gate.calls().length === 1);
    tap.gate.verdict(tap.gate.calls()[0] as never, { kind: 'step_up' });
    tap.gate.decide(tap.gate.calls()[0] as never, 'approved');
    expect(textOf(await held)).toBe(call(1, '{"limit":100}'));
  });

  it('in mode observe goes on as it came, and the record says what would have changed', async () => {
    const tap = await quiet({ ...policy, mode: 'observe' });
    const text = call(1, '{"limit":900}');
    expect(textOf(await tap.fromClient(text))).toBe(text);
    await until(() => tap.gate.calls().length === 1);
    expect(tap.gate.calls()[0]).toMatchObject({ note: { wouldEdit: ['short notes'] } });
    expect(tap.gate.calls()[0]?.call?.edits).toBeUndefined();
  });
});
