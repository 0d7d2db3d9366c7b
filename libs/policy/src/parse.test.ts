import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.js';
import { defaultPolicy } from './default-policy.js';
import { defaultPolicyText } from './default-policy-text.js';
import { parsePolicy } from './parse.js';

const lineOf = (text: string, needle: string): number => text.slice(0, text.indexOf(needle)).split('\n').length;
const problemsOf = (text: string) => {
  const parsed = parsePolicy(text, 'policy.yaml');
  return parsed.ok ? [] : parsed.problems;
};

describe('parsePolicy', () => {
  it('reads the default text, and the ready-made default policy is the same', () => {
    const parsed = parsePolicy(defaultPolicyText, 'default.yaml');
    expect(parsed).toMatchObject({ ok: true });
    if (!parsed.ok) return;
    expect(parsed.policy).toEqual(defaultPolicy);
    expect(parsed.version).toBe(`default-2+${parsed.digest.slice(0, 12)}`);
    expect(compilePolicy(defaultPolicy).version).toBe(parsed.version);
  });

  const broken: readonly (readonly [sentence: string, from: string, to: string, message: RegExp, at: string])[] = [
    ['a misspelt setting is refused where it stands', 'mode: enforce', 'mood: enforce', /"mood" is not a setting of the policy/, 'mood:'],
    ['a misspelt setting inside a list is refused', '    tier: low', '    tier: low\n    teir: low', /"teir" is not a setting of rules.7/, 'teir'],
    ['a value outside its vocabulary is refused', 'mode: enforce', 'mode: panic', /mode: /, 'panic'],
    ['a condition that is not CEL is refused with its line', 'when: impact == "write"', 'when: impact === "write"', /rule "writes": .*not valid CEL/, 'impact ==='],
    ['a condition over an unknown variable is refused', 'when: impact == "write"', 'when: impakt == "write"', /Unknown variable: impakt/, 'impakt'],
    ['a condition that is no claim is refused', 'when: impact == "write"', 'when: impact', /gives a string, not true or false/, 'impact\n    tier: medium'],
    ['a result condition cannot use arguments', 'waitWhen: openWorld || !known', 'waitWhen: args.x == 1', /results.waitWhen: .*args/, 'args.x'],
    ['text that is not YAML is refused with its line', 'mode: enforce', 'mode: [enforce', /This is not YAML/, ''],
    ['a rule with both a tier and a refusal is refused', '    tier: low', '    tier: low\n    deny: no', /either `tier` or `deny`/, 'name: reads'],
    ['a tier that asks people must wait', 'deadlineMs: 2000', 'deadlineMs: 0', /deadlineMs is above 0/, 'requires: [behaviour, provenance, injection, attestation, probe]\n    deadlineMs: 0'],
    ['a missing section is refused at its parent', 'ask: { groups: [operators], quorum: 1, deadlineMs: 300000 }', '', /^ask: /, ''],
  ];
  it.each(broken.map((row) => ({ sentence: row[0], row })))('$sentence', ({ row: [, from, to, message, at] }) => {
    const text = defaultPolicyText.replace(from, to);
    expect(text).not.toBe(defaultPolicyText);
    const [problem] = problemsOf(text);
    expect(problem?.message).toMatch(message);
    expect(problem?.file).toBe('policy.yaml');
    if (at !== '') expect(problem?.line).toBe(lineOf(text, at));
  });

  it('names every problem at once, in the order of the text', () => {
    const problems = problemsOf(defaultPolicyText.replace('mode: enforce', 'mood: enforce').replace('sessionsMin: 20', 'sessionsMin: -1'));
    expect(problems.map((problem) => problem.line)).toEqual([...problems.map((problem) => problem.line)].sort((a, b) => a - b));
    expect(problems).toHaveLength(2);
  });

  it.each(['', 'null', '[]', '42', '"text"', 'a: &a [*a]', '{', '\u0000'])('strange text %j is refused, not thrown', (text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});
