#!/usr/bin/env node
// Runs the public conformance suite against a server and a client of ours, directly and through a tap, and fails on any difference.
//   npm run test:conformance [-- --only server|client] [--no-build]
// The tap has a gate whose policy observes: it judges everything and holds nothing, so what differs is the relay's doing.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { differences, judge, table } from './compare.mjs';
import { policyArrived, start, stop, stopAll } from './processes.mjs';
import { node, runClientSuite, runServerSuite } from './suite.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const revisions = ['2025-11-25', '2026-07-28'];
const bundles = ['server', 'client'];
const onlyAt = process.argv.indexOf('--only');
const legs = onlyAt === -1 ? bundles : [process.argv[onlyAt + 1]];

function build() {
  if (!process.argv.includes('--no-build')) run(process.execPath, [join(root, 'infra/build/build.mjs'), '--quiet']);
  for (const name of bundles) {
    run(join(root, 'node_modules/.bin/esbuild'), [
      `apps/tap/conformance/src/${name}.ts`, '--bundle', '--platform=node', '--target=node22', '--format=esm', '--packages=external',
      `--outfile=apps/tap/dist/conformance/${name}.mjs`, '--log-level=warning',
    ]);
  }
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stdout}${stderr}`);
}

const bundle = (name) => join(root, `apps/tap/dist/${name}`);

async function startGate(dataDir) {
  const policyFile = join(dataDir, 'observe.yaml');
  const { defaultPolicyText } = await import('../../libs/policy/dist/index.js');
  writeFileSync(policyFile, defaultPolicyText.replace(/^mode: enforce$/m, 'mode: observe'));
  const args = ['apps/cli/bin/countersign.js', 'up', '--no-demo', '--port', '0', '--data', dataDir, '--policy', policyFile].map((arg, index) => (index === 0 ? join(root, arg) : arg));
  return start('the gate', { command: node, args, output: 'stdout', pattern: /Countersign is running/ });
}

async function startTap(dataDir, upstream) {
  const args = [bundle('tap.mjs'), 'tap', '--server', 'conformance', '--data', dataDir, '--upstream', upstream, '--listen', '127.0.0.1:0'];
  const { child, found } = await start('the tap', { command: node, args, output: 'stderr', pattern: /listening on http:\/\/127\.0\.0\.1:(\d+)/ });
  return { child, port: found[1] };
}

/** Each run has a server of its own, so that neither finds what the other left. */
async function serverRun(revision, { dataDir, outDir, isTapped }) {
  const server = await start('the fixture', { command: node, args: [bundle('conformance/server.mjs')], output: 'stdout', pattern: /^(http:\S+)$/m });
  let url = server.found[1];
  let tap;
  if (isTapped) {
    tap = await startTap(dataDir, url);
    await policyArrived(dataDir);
    url = `http://localhost:${tap.port}/mcp`;
  }
  const result = await runServerSuite(url, { revision, outDir });
  if (tap !== undefined) await stop(tap.child);
  await stop(server.child);
  return result;
}

async function clientRun(revision, { dataDir, outDir, isTapped }) {
  const client = `${node} ${bundle('conformance/client.mjs')}`;
  const command = isTapped ? `${node} ${here('client-through-tap.mjs')} ${dataDir} ${bundle('tap.mjs')} ${client}` : client;
  return runClientSuite(command, { revision, outDir });
}

async function main() {
  build();
  const dir = mkdtempSync(join(tmpdir(), 'countersign-conformance-'));
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const expectedOf = JSON.parse(readFileSync(here('expected-differences.json'), 'utf8'));
  const rows = [];
  const problems = [];
  try {
    await startGate(dataDir);
    for (const leg of legs) {
      for (const revision of revisions) {
        const runOnce = leg === 'server' ? serverRun : clientRun;
        const direct = await runOnce(revision, { dataDir, outDir: join(dir, `${leg}-${revision}-direct`), isTapped: false });
        const tapped = await runOnce(revision, { dataDir, outDir: join(dir, `${leg}-${revision}-tapped`), isTapped: true });
        const found = differences(direct, tapped);
        const { unexpected, stale } = judge(found, expectedOf[leg]?.[revision] ?? []);
        rows.push([`${leg} ${revision}`, `${direct.passed}/${direct.failed}`, `${tapped.passed}/${tapped.failed}`, String(found.length), String(unexpected.length + stale.length)]);
        for (const entry of unexpected) problems.push(`${leg} ${revision}: ${entry.scenario}: ${entry.check}: ${entry.direct} directly, ${entry.tapped} through the tap. ${entry.message}`);
        for (const scenario of stale) problems.push(`${leg} ${revision}: ${scenario} is listed in expected-differences.json but does not differ any more; remove it there.`);
      }
    }
  } finally {
    await stopAll();
    if (problems.length === 0) rmSync(dir, { recursive: true, force: true });
  }
  console.log(table(rows));
  for (const problem of problems) console.log(`✗ ${problem}`);
  if (problems.length > 0) console.log(`What the suite wrote is in ${dir}.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

main().catch(async (error) => {
  await stopAll();
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
