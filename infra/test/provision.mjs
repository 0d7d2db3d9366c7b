/**
 * Installs what the tests need beyond npm, or says exactly what is missing.
 * Only Debian-like systems are provisioned; elsewhere the sentence names the package to install.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const chromiumFiles = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const chromium = () => process.env.CHROMIUM_PATH ?? chromiumFiles.find((file) => existsSync(file));

function aptInstall(name) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (args) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: environment }).status === 0;
  return run(['update', '-qq']) && run(['install', '-y', '-qq', '--no-install-recommends', name]);
}

/** @returns sentences about what could not be had; empty when everything is there. */
export function provision() {
  if (chromium()) return [];
  const mayInstall = process.platform === 'linux' && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
  if (mayInstall) {
    console.error('provision: installing chromium for the browser tests (apt)');
    if (aptInstall('chromium') && chromium()) return [];
  }
  return ['Chromium is missing: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH; the browser tests cannot run without it.'];
}
