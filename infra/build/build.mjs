#!/usr/bin/env node
// Builds everything that runs: the TypeScript projects, the tap as one file (it must start fast), the console's pages.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const quiet = process.argv.includes('--quiet');
const say = (line) => quiet || console.error(line);

function run(what, command, args) {
  say(`build: ${what}`);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0' } });
  if (status === 0) return;
  console.error(`build failed: ${what}\n${stdout ?? ''}${stderr ?? ''}`);
  process.exit(1);
}

const bin = (name) => join(root, 'node_modules', '.bin', name);
run('TypeScript projects', bin('tsc'), ['-b']);
run('apps/tap/dist/tap.mjs', bin('esbuild'), [
  'apps/tap/src/main.ts', '--bundle', '--platform=node', '--target=node20', '--format=esm', '--conditions=@countersign/source',
  '--sourcemap', '--legal-comments=none', '--outfile=apps/tap/dist/tap.mjs', '--log-level=warning',
  "--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
]);
if (existsSync(join(root, 'apps/console/web/vite.config.ts'))) {
  run('the console’s pages', bin('vite'), ['build', 'apps/console/web', '--logLevel', 'error']);
}
