/**
 * Installs what the tests need beyond npm, or says exactly what is missing.
 * Only Debian-like systems are provisioned, and only as root; elsewhere the sentence names what to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const answers = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const chromiumFiles = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const needs = [
  { name: 'Chromium', packages: ['chromium'], for: 'the browser tests', isThere: () => chromiumFiles.some((file) => file && existsSync(file)) },
  { name: 'Java 17', packages: ['openjdk-17-jre-headless'], for: 'the tests on a real Kafka', isThere: () => answers('java', '-version') },
  { name: 'Maven', packages: ['maven'], for: 'the tests on a real Kafka', isThere: () => answers('mvn', '--version') },
  { name: 'Redis', packages: ['redis-server'], for: 'the tests on a real Redis', isThere: () => answers('redis-server', '--version') },
];

function aptInstall(packages) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const run = (args) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: environment }).status === 0;
  return run(['update', '-qq']) && run(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** @returns sentences about what could not be had; empty when everything is there. */
export function provision() {
  const missing = needs.filter((need) => !need.isThere());
  const mayInstall = process.platform === 'linux' && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
  if (missing.length > 0 && mayInstall) {
    const packages = missing.flatMap((need) => need.packages);
    console.error(`provision: installing ${packages.join(', ')} (apt)`);
    aptInstall(packages);
  }
  return missing
    .filter((need) => !need.isThere())
    .map((need) => `${need.name} is missing and ${need.for} cannot run: install it (Debian: apt-get install ${need.packages.join(' ')}).`);
}
