#!/usr/bin/env node
// Finds the right runtime and the built program, and starts it. `tap` needs neither a new Node nor the rest of the product.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const nodeMajorMin = 22;
const root = join(dirname(realpathSync(fileURLToPath(import.meta.url))), '..', '..', '..');
const isTap = process.argv[2] === 'tap';
const entry = isTap ? join(root, 'apps/tap/dist/tap.mjs') : join(root, 'apps/cli/dist/main.js');

function bundledNode() {
  const [platform, arch] = [process.platform === 'win32' ? 'win' : process.platform, process.arch];
  const file = join(root, 'node_modules', `node-${platform}-${arch}`, 'bin', platform === 'win' ? 'node.exe' : 'node');
  return existsSync(file) ? file : undefined;
}

function build() {
  process.stderr.write('countersign: not built yet; building once, this takes about half a minute\n');
  const { status } = spawnSync(process.execPath, [join(root, 'infra/build/build.mjs'), '--quiet'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

function reExec(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
}

if (!existsSync(entry)) build();
const tooOld = Number(process.versions.node.split('.')[0]) < nodeMajorMin;
if (tooOld && !isTap) {
  const node = bundledNode();
  if (node) reExec(node);
  else {
    process.stderr.write(`countersign needs Node ≥ ${nodeMajorMin} (this is ${process.version}). Install it, or run npm ci without --omit=optional to get the bundled one.\n`);
    process.exit(1);
  }
} else {
  await import(pathToFileURL(entry).href);
}
