#!/usr/bin/env node
/**
 * Completes package-lock.json: an optional package of another platform that the registry at hand does not serve is left
 * out of the lock by `npm install`, and `npm ci` then refuses the whole lock. An entry that names its platform is enough:
 * it is only fetched there. Run after every `npm install`; `--check` only tells (the tests use it).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const platforms = { darwin: 'darwin', linux: 'linux', win: 'win32', win32: 'win32', freebsd: 'freebsd', android: 'android' };

function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = words.map((word) => platforms[word]).find(Boolean);
  const cpu = words.find((word) => ['x64', 'arm64', 'arm', 'ia32', 'riscv64', 's390x', 'ppc64'].includes(word));
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }) };
}

const missing = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = [place && `${place}/node_modules/${name}`, `node_modules/${name}`].some((key) => key && lock.packages[key]);
    if (!known) missing.push({ name, version });
  }
}
for (const { name, version } of missing) {
  lock.packages[`node_modules/${name}`] = { version: version.replace(/^[^\d]*/, ''), ...platformOf(name), optional: true };
}
if (process.argv.includes('--check')) {
  console.log(missing.length === 0 ? 'package-lock.json is complete' : `missing from package-lock.json: ${missing.map(({ name }) => name).join(', ')}`);
  process.exit(missing.length === 0 ? 0 : 1);
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`added ${missing.length} entries`);
