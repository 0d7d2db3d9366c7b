import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.js';
import { defaultPolicy } from './default-policy.js';
import { parsePolicy } from './parse.js';
import { defaultPolicyText } from './default-policy-text.js';
import type { Policy } from './policy.js';
import { answerRuleOf, tierOfMethod } from './tier-of-method.js';
import { tierOf } from './tier-of.js';

const agent = { name: 'ana', role: 'buyer' };
const rules = [
  { name: 'no sampling', method: 'sampling/*', when: 'server != "trusted"', deny: 'Servers do not use our model.' },
  { name: 'home folders', method: 'resources/read', when: 'has(args.uri) && args.uri.startsWith("file:///home/")', tier: 'high' },
  { name: 'broken for some', method: 'prompts/get', when: 'args.arguments.depth > 3', tier: 'medium' },
  { name: 'elicitation is looked at', method: 'elicitation/create', when: 'true', tier: 'medium' },
  { name: 'roots go to people', method: 'roots/list', when: 'true', tier: 'critical' },
] as const;
const policyWith = (more: Partial<Policy> = {}): Policy => ({ ...defaultPolicy, rules: [...rules, ...defaultPolicy.rules], ...more });
const compiled = compilePolicy(policyWith());
const asked = (method: string, params: unknown = {}, asker: 'client' | 'server' = 'client') => tierOfMethod(compiled, { method, params, asker, server: 'files', agent });

describe('rules with a method', () => {
  it('say nothing of methods no rule is about, and nothing of calls', () => {
    expect([asked('resources/list'), asked('resources/read', { uri: 'file:///tmp/x' })]).toEqual([undefined, undefined]);
    const facts = { server: 'files', tool: 'read_file', definition: { name: 'read_file', description: 'Read a file.' }, agent };
    expect(tierOf(compiled, facts)).toEqual(tierOf(compilePolicy(defaultPolicy), facts));
  });

  it('give a read of a resource its tier, with the detectors and the deadline of that tier', () => {
    expect(asked('resources/read', { uri: 'file:///home/ana/x' })).toMatchObject({ tier: 'high', rule: 'home folders', impact: 'read', waits: true, deadlineMs: 1500, requires: ['behaviour', 'provenance', 'injection', 'attestation', 'probe'] });
  });

  it('refuse what a server asks of a client, with the rule’s sentence', () => {
    expect(asked('sampling/createMessage', {}, 'server')).toMatchObject({ deny: 'Servers do not use our model.', rule: 'no sampling', impact: 'egress' });
  });

  it('hold what a server asks until it was read, as results are; where only people could decide, it is refused', () => {
    expect(asked('elicitation/create', {}, 'server')).toMatchObject({ tier: 'medium', waits: true, requires: ['injection'] });
    expect(asked('elicitation/create', {}, 'server')).not.toHaveProperty('deny');
    expect(asked('roots/list', {}, 'server')?.deny).toMatch(/nobody can decide/);
  });

  it('that cannot be evaluated fail closed', () => {
    expect(asked('prompts/get', { name: 'x' })).toMatchObject({ tier: 'medium', rule: 'broken for some' });
    const denying = compilePolicy(policyWith({ rules: [{ name: 'd', method: '*', when: 'args.n > 1', deny: 'no' }] }));
    expect(tierOfMethod(denying, { method: 'x/y', params: { n: 'a' }, asker: 'client', server: 's', agent })?.deny).toBe('no');
  });

  it('neither hold nor refuse in mode observe', () => {
    const observing = compilePolicy(policyWith({ mode: 'observe' }));
    const ruling = tierOfMethod(observing, { method: 'sampling/createMessage', params: {}, asker: 'server', server: 's', agent });
    expect([ruling?.waits, ruling?.deny]).toEqual([false, undefined]);
  });
});

describe('answers to other methods', () => {
  it('wait only where the policy names their method', () => {
    const waiting = compilePolicy(policyWith({ results: { ...defaultPolicy.results, methods: ['resources/read', 'prompts/*'] } }));
    expect(['resources/read', 'prompts/get', 'tools/list', 'initialize'].map((method) => answerRuleOf(waiting, method).waits)).toEqual([true, true, false, false]);
    expect(answerRuleOf(compiled, 'resources/read').waits).toBe(false);
  });
});

describe('the text of a policy', () => {
  const withRule = (rule: string): string => defaultPolicyText.replace('rules:\n', `rules:\n  - ${rule}\n`);
  it.each([
    ['a method rule over the method, its params and the agent', '{ name: a, method: "resources/*", when: \'method == "resources/read" && args.uri == "x" && agent.role == "r"\', tier: high }', true],
    ['a method rule may not ask for what only calls have', '{ name: a, method: "resources/*", when: \'impact == "read"\', tier: high }', false],
    ['a call rule knows no method', '{ name: a, when: \'method == "resources/read"\', tier: high }', false],
    ['tools/call is no method of a rule', '{ name: a, method: tools/call, when: "true", tier: high }', false],
  ])('%s', (_, rule, isGood) => {
    expect(parsePolicy(withRule(rule), 'p.yaml').ok).toBe(isGood);
  });

  it('the default policy’s version does not change with what it does not say', () => {
    const parsed = parsePolicy(defaultPolicyText, 'p.yaml');
    expect(parsed.ok && Object.keys(parsed.policy).includes('edits')).toBe(false);
  });
});
