// Runs the conformance suite and reads what its checks said.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const node = join(root, 'node_modules/.bin/node');
const suite = join(root, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const runMsMax = 15 * 60_000;

/**
 * @param args  of the suite, without the folder for results.
 * @returns one entry a check, sorted: `scenario`, `check` (id and name, numbered where they repeat) and `status`.
 */
export async function runSuite(args, { outDir, env = {} }) {
  const said = await run([suite, ...args, '-o', outDir], env);
  writeFileSync(`${outDir}.txt`, said);
  const total = /Total: (\d+) passed, (\d+) failed/.exec(said);
  if (total === null) throw new Error(`The suite gave no total. It said: ${said.slice(-2000)}`);
  return { passed: Number(total[1]), failed: Number(total[2]), checks: readChecks(outDir) };
}

function run(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd: root, env: { ...process.env, ...env, FORCE_COLOR: '0' }, stdio: ['ignore', 'pipe', 'pipe'], timeout: runMsMax });
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
      const key = `${scenario} ${id} ${name}`;
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      checks.push({ scenario, check: nth === 1 ? `${id} ${name}` : `${id} ${name} (${nth})`, status, errorMessage });
    }
  }
  return checks;
}
