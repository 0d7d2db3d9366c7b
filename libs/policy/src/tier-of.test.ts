import { describe, expect, it } from 'vitest';
import type { CallFacts } from './call-facts.js';
import { compilePolicy } from './compile.js';
import { defaultPolicy } from './default-policy.js';
import type { Policy } from './policy.js';
import { resultRuleOf, tierOf, toolClassOf } from './tier-of.js';

const agent = { name: 'ana-bot', role: 'assistant' };
const definition = (name: string, ...parameters: string[]) => ({ name, description: '', inputSchema: { properties: Object.fromEntries(parameters.map((key) => [key, {}])) } });
const facts = (name: string, more: Partial<CallFacts> = {}): CallFacts => ({ server: 'srv', tool: name, definition: definition(name), args: {}, agent, ...more });
const withPolicy = (change: Partial<Policy>) => compilePolicy({ ...defaultPolicy, ...change });
const rules = (...added: Policy['rules']) => withPolicy({ rules: [...added, ...defaultPolicy.rules] });

describe('tierOf under the default policy', () => {
  const compiled = compilePolicy(defaultPolicy);
  const rows = [
    { sentence: 'a read is low and waits for nobody', facts: facts('get_time'), tier: 'low', rule: 'reads', waits: false },
    { sentence: 'a write is medium and waits', facts: facts('create_note'), tier: 'medium', rule: 'writes', waits: true },
    { sentence: 'egress is high', facts: facts('send_email'), tier: 'high', rule: 'leaves the house', waits: true },
    { sentence: 'a read of an address is high', facts: facts('get_page', { definition: definition('get_page', 'url') }), tier: 'high', rule: 'leaves the house', waits: true },
    { sentence: 'deleting one thing is high', facts: facts('delete_file'), tier: 'high', rule: 'cannot be undone', waits: true },
    { sentence: 'a tool never seen is high even if its name reads', facts: facts('get_time', { definition: undefined }), tier: 'high', rule: 'never seen tool', waits: true },
    { sentence: 'sending money asks people', facts: facts('send_money'), tier: 'critical', rule: 'money moves', waits: true },
    { sentence: 'transferring funds asks people', facts: facts('transfer_funds'), tier: 'critical', rule: 'money moves', waits: true },
    { sentence: 'deleting all customers asks people', facts: facts('delete_all_customers'), tier: 'critical', rule: 'deletes many', waits: true },
    { sentence: 'dropping a table asks people', facts: facts('drop_table'), tier: 'critical', rule: 'deletes many', waits: true },
    { sentence: 'changing a password asks people', facts: facts('update_password'), tier: 'critical', rule: 'passwords and permissions change', waits: true },
    { sentence: 'reading permissions does not ask people', facts: facts('list_permissions'), tier: 'low', rule: 'reads', waits: false },
    { sentence: 'money is not recognised inside other words', facts: facts('create_payload'), tier: 'medium', rule: 'writes', waits: true },
  ];
  it.each(rows)('$sentence', ({ facts: call, tier, rule, waits }) => {
    expect(tierOf(compiled, call)).toMatchObject({ tier, rule, waits });
  });

  it('says who is waited for and what happens when they are silent', () => {
    expect(tierOf(compiled, facts('create_note'))).toMatchObject({ requires: ['behaviour', 'provenance', 'injection', 'attestation'], deadlineMs: 1000, onUnavailable: 'deny' });
  });
});

describe('the first call of a session', () => {
  const compiled = compilePolicy(defaultPolicy);
  it('a read waits as medium, so that a changed agent is met at its first call, and fails as a read does', () => {
    expect(tierOf(compiled, facts('get_time', { firstOfSession: true }))).toMatchObject({ tier: 'medium', rule: 'reads · first call of the session', waits: true, deadlineMs: 1000, onUnavailable: 'allow' });
  });

  it('a higher tier stays what it is', () => {
    expect(tierOf(compiled, facts('send_email', { firstOfSession: true }))).toEqual(tierOf(compiled, facts('send_email')));
  });
});

describe('tierOf under other policies', () => {
  it('an administrator’s word beats the guess', () => {
    const compiled = withPolicy({ tools: [{ server: 's*', tool: 'send_*', impact: 'read' }, { server: '*', tool: '*', impact: 'irreversible', openWorld: false }] });
    expect(toolClassOf(compiled, facts('send_email'))).toMatchObject({ impact: 'read', openWorld: false });
    expect(toolClassOf(compiled, facts('get_time'))).toMatchObject({ impact: 'irreversible', openWorld: false });
  });

  it('a rule over arguments decides, with whole and broken numbers alike', () => {
    const compiled = rules({ name: 'big', when: 'has(args.amount) && args.amount > 1000', tier: 'critical' });
    expect(tierOf(compiled, facts('create_note', { args: { amount: 1000.5 } })).rule).toBe('big');
    expect(tierOf(compiled, facts('create_note', { args: { amount: 1000 } })).rule).toBe('writes');
    expect(tierOf(compiled, facts('create_note', { args: undefined })).rule).toBe('writes');
  });

  it('a rule that cannot be evaluated gives its tier when that is the higher one, and is named', () => {
    const compiled = rules({ name: 'big', when: 'args.amount > 1000', tier: 'critical' });
    expect(tierOf(compiled, facts('create_note'))).toMatchObject({ tier: 'critical', rule: 'big · 1 not evaluated: big' });
  });

  it('a rule that cannot be evaluated never lowers a tier', () => {
    const compiled = rules({ name: 'small', when: 'args.amount < 10', tier: 'low' });
    expect(tierOf(compiled, facts('send_email'))).toMatchObject({ tier: 'high', rule: 'leaves the house · 1 not evaluated: small' });
  });

  it('a refusal that cannot be evaluated refuses', () => {
    const compiled = rules({ name: 'no strangers', when: 'args.to.endsWith("@evil.example")', deny: 'Not to them.' });
    expect(tierOf(compiled, facts('send_email')).deny).toBe('Not to them.');
    expect(tierOf(compiled, facts('send_email', { args: { to: 'a@good.example' } })).deny).toBeUndefined();
    expect(tierOf(compiled, facts('send_email', { args: { to: 'a@evil.example' } })).deny).toBe('Not to them.');
  });

  it('arguments named like the language’s own parts are only arguments', () => {
    const compiled = rules({ name: 'odd', when: 'has(args.constructor) && args.constructor == "x"', tier: 'critical' });
    expect(tierOf(compiled, facts('create_note', { args: JSON.parse('{"constructor":"x","__proto__":{"a":1}}') })).rule).toBe('odd');
  });

  it('arguments nested without end fail closed instead of throwing', () => {
    let args: unknown = 1;
    for (let depth = 0; depth < 5_000; depth += 1) args = [args];
    const compiled = rules({ name: 'looks', when: 'has(args.x)', tier: 'critical' });
    expect(tierOf(compiled, facts('create_note', { args })).tier).toBe('critical');
  });

  it('a tool name without end fails closed, in no time', () => {
    const said = tierOf(compilePolicy(defaultPolicy), facts('delete_'.repeat(200_000)));
    expect(said.tier).toBe('critical');
    expect(said.rule.length).toBeLessThanOrEqual(256);
  });

  it('no rule holding means high', () => {
    expect(tierOf(withPolicy({ rules: [] }), facts('get_time'))).toMatchObject({ tier: 'high', rule: 'no-rule-holds' });
  });

  it('an agent that may call only some tools is refused the others, whatever the rules say', () => {
    const compiled = withPolicy({ agents: [{ name: 'ana-*', mayCall: ['mail/*'] }, { role: 'reader', mayCall: ['files/read_*'] }] });
    expect(tierOf(compiled, facts('get_time'))).toMatchObject({ rule: 'agent-may-not-call', tier: 'high' });
    expect(tierOf(compiled, facts('get_time')).deny).toContain('ana-bot');
    expect(tierOf(compiled, facts('get_time', { server: 'mail' })).deny).toBeUndefined();
    expect(tierOf(compiled, facts('get_time', { agent: { name: 'bo', role: 'other' } })).deny).toBeUndefined();
  });

  it('in mode observe nothing waits and nothing is refused', () => {
    const compiled = withPolicy({ mode: 'observe', agents: [{ name: '*', mayCall: [] }] });
    const said = tierOf(compiled, facts('send_money'));
    expect(said).toMatchObject({ waits: false, rule: 'agent-may-not-call' });
    expect(said.deny).toBeUndefined();
    expect(resultRuleOf(compiled, facts('read_inbox')).waits).toBe(false);
  });

  it('results strangers may have written wait, others do not', () => {
    const compiled = compilePolicy(defaultPolicy);
    expect(resultRuleOf(compiled, facts('read_inbox'))).toMatchObject({ waits: true, requires: ['injection'] });
    expect(resultRuleOf(compiled, facts('calculate_sum')).waits).toBe(false);
    expect(resultRuleOf(compiled, facts('calculate_sum', { definition: undefined })).waits).toBe(true);
  });
});
