#!/usr/bin/env node
/**
 * `npm test`: provision, build, lint, test; the last line is `N passed, N failed`.
 * A step that fails counts as one failure and the later steps still run, so that one run tells everything.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provision } from './provision.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'countersign-test-'));
const totals = { passed: 0, failed: 0 };

function step(name, command, args) {
  console.log(`\n— ${name}`);
  const environment = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`, NX_DAEMON: 'false' };
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: environment });
  return status === 0;
}

function count(ok, name) {
  totals[ok ? 'passed' : 'failed'] += 1;
  if (!ok) console.log(`FAILED: ${name}`);
}

function tests(name, args) {
  const report = join(scratch, 'vitest.json');
  const ok = step(name, bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args]);
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    totals.passed += numPassedTests;
    totals.failed += numFailedTests;
    if (!ok && numFailedTests === 0) totals.failed += Math.max(1, numFailedTestSuites);
  } catch {
    count(false, `${name} left no report`);
  }
}

const missing = provision();
for (const sentence of missing) count(false, sentence);
count(step('lock file', process.execPath, ['infra/build/complete-lock.mjs', '--check']), 'package-lock.json');
count(step('build', process.execPath, ['infra/build/build.mjs']), 'build');
count(step('lint', 'npm', ['run', '--silent', 'lint']), 'lint');
tests('tests', process.argv.slice(2));
count(step('chaos, embedded', process.execPath, ['infra/chaos/run.mjs', '--profile', 'embedded', '--seed', '5', '--minutes', '1']), 'chaos on the embedded profile');
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
