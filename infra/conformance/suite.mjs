// Runs the conformance suite and reads what its checks said.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const node = join(root, 'node_modules/.bin/node');
const suite = join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const runMsMax = 15 * 60_000;
const scenarioMsMax = 60_000;

/**
 * What a revision asks of a server.
 * @returns `checks`, sorted, each `{scenario, check, status}` (`check`: id and name, numbered where they repeat), and how many passed and failed.
 */
export async function runServerSuite(url, { revision, outDir }) {
  const said = await run([suite, 'server', '--url', url, '--requirements', revision, '-o', outDir]);
  writeFileSync(`${outDir}.txt`, said);
  if (!/Total: \d+ passed/.test(said)) throw new Error(`The suite gave no total. It said: ${said.slice(-2000)}`);
  return tallied(readChecks(outDir));
}

/** What a revision asks of a client, a few scenarios at a time: the suite itself starts all its clients at once, and on a busy machine they then fail by being late. */
export async function runClientSuite(command, { revision, outDir }) {
  const waiting = clientScenarios(await run([suite, 'list', '--requirements', revision]));
  const worker = async () => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      const said = await run([suite, 'client', '--command', command, '--scenario', scenario, '--spec-version', revision, '--force', '--timeout', String(scenarioMsMax), '-o', outDir]);
      if (!said.includes('Test Results')) throw new Error(`The suite did not judge ${scenario}. It said: ${said.slice(-2000)}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  return tallied(readChecks(outDir));
}

function clientScenarios(list) {
  const required = list.slice(list.indexOf('Client scenarios'), list.indexOf('Run and reported'));
  const others = list.slice(list.indexOf('Run and reported')).split('\n').filter((line) => line.endsWith('[client]'));
  const names = [...required.split('\n'), ...others].flatMap((line) => /^ +- (\S+)/.exec(line)?.[1] ?? []);
  if (names.length === 0) throw new Error('The suite lists no client scenarios; its output has another form than it had.');
  return names;
}

function tallied(checks) {
  const count = (status) => checks.filter((check) => check.status === status).length;
  return { passed: count('SUCCESS'), failed: count('FAILURE'), checks };
}

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd: root, env: { ...process.env, FORCE_COLOR: '0' }, stdio: ['ignore', 'pipe', 'pipe'], timeout: runMsMax });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

function readChecks(dir) {
  const files = readdirSync(dir, { recursive: true }).map(String).filter((name) => name.endsWith('checks.json')).sort();
  const seen = new Map();
  const checks = [];
  for (const file of files) {
    const folder = relative(dir, join(dir, file, '..'));
    const scenario = folder.replace(/^server-(?=.)/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
    if (statSync(join(dir, file)).size === 0) continue;
    for (const { id, name, status, errorMessage } of JSON.parse(readFileSync(join(dir, file), 'utf8'))) {
      // Notes of what went by, not judgements: their number depends on timing.
      if (status === 'INFO') continue;
      const key = `${scenario} ${id} ${name}`;
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      checks.push({ scenario, check: nth === 1 ? `${id} ${name}` : `${id} ${name} (${nth})`, status, errorMessage });
    }
  }
  return checks;
}
