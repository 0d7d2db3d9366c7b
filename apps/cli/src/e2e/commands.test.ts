/** The commands of README and docs/, run as they are written there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countersign, scratch } from './running.js';

const { dir, remove } = scratch();
afterAll(remove);
const file = (name: string) => join(dir, name);

describe('countersign policy', () => {
  it('prints a default policy that it accepts itself', () => {
    const printed = countersign('policy', 'default');
    writeFileSync(file('policy.yaml'), printed.stdout);
    expect(countersign('policy', 'check', file('policy.yaml'))).toMatchObject({ status: 0, stderr: '' });
  });

  it('refuses a wrong policy with file, line and reason, and without a stack', () => {
    writeFileSync(file('bad.yaml'), countersign('policy', 'default').stdout.replace('mode: enforce', 'mode: maybe'));
    const { status, stderr } = countersign('policy', 'check', file('bad.yaml'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/bad\.yaml:\d+:\d+ .*mode/);
    expect(stderr).not.toContain('    at ');
  });

  it('says so when the file is not there', () => {
    const { status, stderr } = countersign('policy', 'check', file('absent.yaml'));
    expect({ status, lines: stderr.trim().split('\n').length }).toEqual({ status: 1, lines: 1 });
  });
});

describe('countersign attest and verify', () => {
  it('signs a statement that verifies offline, and notices a changed byte', () => {
    writeFileSync(file('prompt.txt'), 'You answer customers.');
    const made = countersign('attest', '--agent', 'my-agent', '--key', file('key.pem'), '--prompt', file('prompt.txt'), '--out', file('statement.json'));
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(countersign('verify', 'attestation', file('statement.json')).stdout)).toMatchObject({ agent: 'my-agent' });
  });
});

describe('countersign history', () => {
  it('says what to do when there is none', () => {
    const { status, stderr } = countersign('history', 'SELECT 1', '--data', file('nowhere'));
    expect(status).toBe(1);
    expect(stderr).toContain('countersign up');
  });
});
