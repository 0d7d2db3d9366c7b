/** The examples of the manual's page on policy, as a reader would use them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.js';
import { defaultPolicy } from './default-policy.js';
import { defaultPolicyText } from './default-policy-text.js';
import { parsePolicy } from './parse.js';
import { planEdits } from './plan-edits.js';
import type { Policy } from './policy.js';
import { answerRuleOf, tierOfMethod } from './tier-of-method.js';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'write-policy.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

/** The default policy with the example's sections in the place of its own. */
function withExample(text: string): string {
  const document = parseDocument(defaultPolicyText);
  const example = parseDocument(text).toJS() as Record<string, unknown>;
  for (const [key, value] of Object.entries(example)) document.set(key, document.createNode(value));
  return document.toString();
}

function policyOf(marker: string): Policy {
  const parsed = parsePolicy(withExample(blocks.find((block) => block.includes(marker)) ?? ''), 'example.yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

const agent = { name: 'ana', role: 'buyer' };

describe('docs/write-policy.md', () => {
  it('shows examples, and each is accepted', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(6);
    for (const block of blocks) expect(parsePolicy(withExample(block), 'example.yaml')).toMatchObject({ ok: true });
  });

  it('its rules with a method do what the text says', () => {
    const compiled = compilePolicy(policyOf('sampling/createMessage'));
    const ask = (method: string, params: unknown, asker: 'client' | 'server') => tierOfMethod(compiled, { method, params, asker, server: 'shop', agent });
    expect(ask('sampling/createMessage', {}, 'server')?.deny).toBe('Sampling is off here.');
    expect(ask('elicitation/create', {}, 'server')).toMatchObject({ tier: 'medium', waits: true, requires: ['injection'] });
    expect(ask('resources/read', { uri: 'file:///home/x' }, 'client')).toMatchObject({ tier: 'critical', waits: true });
    expect(ask('resources/read', { uri: 'https://x' }, 'client')).toBeUndefined();
  });

  it('its answers wait', () => {
    const compiled = compilePolicy(policyOf('methods:'));
    expect(['resources/read', 'initialize', 'tools/list'].map((method) => answerRuleOf(compiled, method).waits)).toEqual([true, true, false]);
  });

  it('its edits change what the text says', () => {
    const compiled = compilePolicy({ ...defaultPolicy, edits: policyOf('edits:').edits });
    const plan = (server: string, tool: string, args: unknown) => planEdits(compiled, { server, tool, args, agent });
    expect(plan('shop', 'refund', { amount: 250 })).toMatchObject({ edits: [{ did: 'lowered', to: 100 }] });
    expect(plan('mail', 'send_mail', { bcc: ['x'] })).toMatchObject({ edits: [{ did: 'dropped' }] });
    expect(plan('db', 'migrate_up', { options: {} })).toMatchObject({ edits: [{ did: 'set', to: true, path: ['options', 'dryRun'] }] });
    expect(plan('shop', 'refund', { amount: 'many' })).toMatchObject({ ok: false });
  });
});
