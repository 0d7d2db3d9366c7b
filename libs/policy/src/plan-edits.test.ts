import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.js';
import { defaultPolicy } from './default-policy.js';
import { defaultPolicyText } from './default-policy-text.js';
import { parsePolicy } from './parse.js';
import { planEdits } from './plan-edits.js';
import type { EditRule } from './policy.js';

const agent = { name: 'ana', role: 'buyer' };
const plan = (edits: readonly EditRule[], args: unknown) => planEdits(compilePolicy({ ...defaultPolicy, edits: [...edits] }), { server: 'shop', tool: 'refund', args, agent });
const cap: EditRule = { name: 'cap refunds', server: 'shop', tool: 'refund', argument: 'amount', max: 100 };

describe('edits of a policy', () => {
  it.each([
    ['a number over its cap is lowered', [cap], { amount: 250 }, [{ rule: 'cap refunds', path: ['amount'], did: 'lowered', to: 100, was: '250' }]],
    ['a number within it stays', [cap], { amount: 100 }, []],
    ['one below its floor is raised', [{ name: 'cap refunds', server: 'shop', tool: 'refund', argument: 'amount', min: 5 }], { amount: 1 }, [{ rule: 'cap refunds', path: ['amount'], did: 'raised', to: 5, was: '1' }]],
    ['a field is dropped, wherever it stands', [{ name: 'no copies', server: '*', tool: '*', argument: 'mail.bcc', drop: true }], { mail: { bcc: ['a'] } }, [{ rule: 'no copies', path: ['mail', 'bcc'], did: 'dropped', was: '["a"]' }]],
    ['a field is set, also one that was not there', [{ name: 'dry', server: '*', tool: '*', argument: 'dryRun', set: true }], {}, [{ rule: 'dry', path: ['dryRun'], did: 'set', to: true }]],
    ['nothing to do is no edit', [{ name: 'dry', server: '*', tool: '*', argument: 'dryRun', set: true }], { dryRun: true }, []],
    ['other tools are left alone', [{ ...cap, tool: 'pay' }], { amount: 250 }, []],
    ['a condition decides', [{ ...cap, when: 'agent.role == "clerk"' }], { amount: 250 }, []],
    ['edits come one after the other', [cap, { ...cap, name: 'half', max: 50 }], { amount: 250 }, [{ rule: 'cap refunds', path: ['amount'], did: 'lowered', to: 100, was: '250' }, { rule: 'half', path: ['amount'], did: 'lowered', to: 50, was: '100' }]],
  ] as readonly (readonly [string, readonly EditRule[], unknown, unknown])[])('%s', (...[, edits, args, expected]) => {
    expect(plan(edits, args)).toEqual({ ok: true, edits: expected });
  });

  it.each([
    ['an argument that is no number', [cap], { amount: '250' }, /no number/],
    ['a condition that cannot be evaluated', [{ ...cap, when: 'args.currency == "eur"' }], { amount: 250 }, /cannot be evaluated/],
    ['nowhere to set it', [{ name: 'dry', server: '*', tool: '*', argument: 'options.dryRun', set: true }], {}, /nothing that could hold/],
    ['no arguments at all', [{ name: 'dry', server: '*', tool: '*', argument: 'dryRun', set: true }], undefined, /nothing that could hold/],
  ] as readonly (readonly [string, readonly EditRule[], unknown, RegExp])[])('a cap that cannot be kept refuses the call: %s', (...[, edits, args, why]) => {
    const planned = plan(edits, args);
    expect(planned.ok ? '' : planned.why).toMatch(why);
  });

  it('whatever the arguments, no planned call is over its cap, and the arguments given stay as they were', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('amount', 'a', '__proto__', 'constructor'), fc.oneof(fc.double(), fc.string(), fc.constant(null))), (args) => {
        const before = JSON.stringify(args);
        const planned = plan([cap], args);
        expect(JSON.stringify(args)).toBe(before);
        const amount: unknown = Object.hasOwn(args, 'amount') ? args['amount'] : undefined;
        if (typeof amount === 'number' && amount > 100) expect(planned).toMatchObject({ ok: true, edits: [{ to: 100 }] });
        else expect(planned.ok).toBe(amount === undefined || typeof amount === 'number');
      }),
    );
  });

  it.each([
    ['one thing per edit', '{ name: a, server: s, tool: t, argument: x, drop: true, max: 1 }', false],
    ['at least one thing', '{ name: a, server: s, tool: t, argument: x }', false],
    ['a floor under its cap', '{ name: a, server: s, tool: t, argument: x, min: 2, max: 1 }', false],
    ['conditions are checked', '{ name: a, server: s, tool: t, argument: x, drop: true, when: "nonsense(" }', false],
    ['a clamp', '{ name: a, server: s, tool: t, argument: x.y, min: 0, max: 10 }', true],
    ['null is a value', '{ name: a, server: s, tool: t, argument: x, set: null }', true],
  ])('text: %s', (_, edit, isGood) => {
    expect(parsePolicy(defaultPolicyText.replace('tools: []', `edits:\n  - ${edit}\ntools: []`), 'p.yaml').ok).toBe(isGood);
  });
});
