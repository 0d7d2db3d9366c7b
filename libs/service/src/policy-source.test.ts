import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TelemetryEvent } from '@countersign/pipeline';
import { defaultPolicyText } from '@countersign/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PolicyRefused, PolicySource } from './policy-source.js';

let dir: string;
let file: string;
let told: TelemetryEvent[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-policy-'));
  file = join(dir, 'data', 'policy.yaml');
  told = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (): PolicySource => PolicySource.open(file, (event) => void told.push(event));
const observeOnly = `${defaultPolicyText.replace(/^mode:.*$/m, '')}\nmode: observe\n`;

describe('PolicySource', () => {
  it('writes the default policy for this user alone where there is none, and puts it in force', () => {
    const source = open();
    expect(readFileSync(file, 'utf8')).toBe(defaultPolicyText);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(source.current().policy.mode).toBe('enforce');
    expect(told).toEqual([expect.objectContaining({ event: 'PolicyLoaded', fields: { version: source.current().version } })]);
  });

  it('[PS1] refuses a wrong policy at start with file, line and reason', () => {
    open();
    writeFileSync(file, `${defaultPolicyText}unheard: of\n`);
    const lines = defaultPolicyText.split('\n').length;
    expect(open).toThrow(PolicyRefused);
    expect(open).toThrow(new RegExp(`policy\\.yaml:${lines}:\\d+ `));
  });

  it('[PS2] refuses a wrong policy at reload, says so, and keeps the old one in force', () => {
    const source = open();
    const before = source.current();
    let changes = 0;
    source.onChange(() => (changes += 1));
    writeFileSync(file, 'version: [');
    source.reload();
    expect(source.current()).toBe(before);
    expect(changes).toBe(0);
    expect(told.at(-1)).toMatchObject({ event: 'PolicyRefused', level: 'error' });
    expect(told.at(-1)?.message).toContain('stays in force');
  });

  it('[PS3] tells of a change after it took effect, until asked no more', () => {
    const source = open();
    const modes: string[] = [];
    const end = source.onChange(() => modes.push(source.current().policy.mode));
    writeFileSync(file, observeOnly);
    source.reload();
    source.reload();
    end();
    source.use(defaultPolicyText, 'default');
    expect(modes).toEqual(['observe']);
    expect(source.current().policy.mode).toBe('enforce');
  });
});
