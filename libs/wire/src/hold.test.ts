import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openHold, resumeHold, stepHold, type Hold, type HoldAction, type HoldInput } from './hold.js';

const rule = { deadlineMs: 1_000, onUnavailable: 'deny', holdMs: 50_000 } as const;
const verdict = (kind: 'allow' | 'deny' | 'modify' | 'step_up' | 'defer', of: 'request' | 'result' = 'request'): HoldInput => ({ kind: 'verdict', verdict: kind, of });
const decision = (outcome: 'approved' | 'denied' | 'expired'): HoldInput => ({ kind: 'decision', outcome });

function run(inputs: readonly (readonly [number, HoldInput])[], hold: Hold = openHold(rule, 0)): HoldAction[] {
  let at = hold;
  return inputs.map(([nowMs, input]) => {
    const step = stepHold(at, input, nowMs);
    at = step.hold;
    return step.action;
  });
}

const last = (actions: readonly HoldAction[]): HoldAction | undefined => actions.at(-1);
const open = openHold({ ...rule, onUnavailable: 'allow' }, 0);

describe('a hold', () => {
  it.each<[string, readonly (readonly [number, HoldInput])[], HoldAction]>([
    ['allow: sent', [[1, verdict('allow')]], { kind: 'send', by: 'verdict' }],
    ['deny: refused', [[1, verdict('deny')]], { kind: 'refuse', because: 'denied' }],
    ['defer: waits', [[1, verdict('defer')]], { kind: 'wait' }],
    ['defer, then the deadline: refused', [[1, verdict('defer')], [1_000, { kind: 'time' }]], { kind: 'refuse', because: 'no-verdict' }],
    ['a verdict at the deadline is late', [[1_000, verdict('allow')]], { kind: 'refuse', because: 'no-verdict' }],
    ['the gate goes away: refused at once', [[1, { kind: 'gate-away' }]], { kind: 'refuse', because: 'gate-away' }],
    ['cancelled: dropped', [[1, { kind: 'cancelled' }]], { kind: 'drop' }],
    ['step_up: waits past the verdict deadline', [[1, verdict('step_up')], [40_000, { kind: 'time' }]], { kind: 'wait' }],
    ['step_up, then approved: sent', [[1, verdict('step_up')], [40_000, decision('approved')]], { kind: 'send', by: 'decision' }],
    ['step_up, then denied: refused', [[1, verdict('step_up')], [2, decision('denied')]], { kind: 'refuse', because: 'people-denied' }],
    ['step_up, then expired: refused', [[1, verdict('step_up')], [2, decision('expired')]], { kind: 'refuse', because: 'people-late' }],
    ['step_up, then an allow: still waits for people', [[1, verdict('step_up')], [2, verdict('allow')]], { kind: 'wait' }],
    ['step_up, then a deny: refused', [[1, verdict('step_up')], [2, verdict('deny')]], { kind: 'refuse', because: 'denied' }],
    ['step_up and the gate goes away: waits, it may come back', [[1, verdict('step_up')], [2, { kind: 'gate-away' }]], { kind: 'wait' }],
    ['step_up and 50 s: an answer instead of silence', [[1, verdict('step_up')], [50_000, { kind: 'time' }]], { kind: 'refuse', because: 'still-waiting' }],
    ['approved after 50 s: late', [[1, verdict('step_up')], [50_001, decision('approved')]], { kind: 'refuse', because: 'still-waiting' }],
    ['a result is never stepped up', [[1, verdict('step_up', 'result')]], { kind: 'refuse', because: 'denied' }],
  ])('[T46, T47] %s', (_, inputs, expected) => expect(last(run(inputs))).toEqual(expected));

  it('[T49] where the rule allows it, the deadline or a lost gate sends, and says that it was a fail-open', () => {
    expect(run([[1_000, { kind: 'time' }]], open)).toEqual([{ kind: 'send', by: 'fail-open' }]);
    expect(run([[1, { kind: 'gate-away' }]], open)).toEqual([{ kind: 'send', by: 'fail-open' }]);
  });

  it('a resumed hold waits for people only', () => {
    expect(last(run([[1, verdict('allow')]], resumeHold(50_000, 0)))).toEqual({ kind: 'wait' });
    expect(last(run([[1, decision('approved')]], resumeHold(50_000, 0)))).toEqual({ kind: 'send', by: 'decision' });
  });

  const input = fc.oneof(
    fc.constantFrom<HoldInput>({ kind: 'gate-away' }, { kind: 'cancelled' }, { kind: 'time' }, decision('approved'), decision('denied'), decision('expired')),
    fc.constantFrom('allow', 'deny', 'modify', 'step_up', 'defer').map((kind) => verdict(kind as 'allow')),
  );
  const timeline = fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), input), { maxLength: 20 }).map((steps) => steps.sort(([a], [b]) => a - b));

  it('[T46, P5, P6] whatever comes in whatever order, it ends once, and nothing late sends', () => {
    fc.assert(
      fc.property(timeline, (steps) => {
        const actions = run(steps);
        expect(actions.filter(({ kind }) => kind !== 'wait').length).toBeLessThanOrEqual(1);
        actions.forEach((action, index) => {
          const nowMs = steps[index]?.[0] ?? 0;
          const asked = steps.slice(0, index).some(([, before]) => before.kind === 'verdict' && before.verdict === 'step_up');
          if (action.kind === 'send') expect(nowMs).toBeLessThan(asked ? 50_000 : 1_000);
          if (action.kind === 'send' && asked) expect(action.by).toBe('decision');
        });
      }),
    );
  });
});
