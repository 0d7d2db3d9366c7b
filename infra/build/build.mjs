#!/usr/bin/env node
// Builds everything that runs: the TypeScript projects, the tap bundled (it must start fast), the console's pages.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
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
// In chunks: what one transport does not need is not loaded for the other; it starts with every MCP server.
const tapDir = join(root, 'apps/tap/dist');
for (const file of existsSync(tapDir) ? readdirSync(tapDir) : []) if (/^tap(-.*)?\.mjs(\.map)?$/.test(file)) rmSync(join(tapDir, file));
run('the tap', bin('esbuild'), [
  'apps/tap/src/main.ts', '--bundle', '--splitting', '--platform=node', '--target=node20', '--format=esm', '--conditions=@countersign/source',
  '--sourcemap', '--legal-comments=none', '--outdir=apps/tap/dist', '--entry-names=tap', '--chunk-names=tap-[hash]', '--out-extension:.js=.mjs',
  '--log-level=warning', "--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
]);
if (existsSync(join(root, 'apps/console/web/vite.config.ts'))) {
  run('the console’s pages', bin('vite'), ['build', 'apps/console/web', '--logLevel', 'error']);
}
