/**
 * What can be killed, on each profile. A victim is `{name, kill(), restart()}`; `history()` says where to ask afterwards.
 * Both profiles are the built product in processes of its own; nothing here is a stand-in.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeProgram, program } from '../stack/services.mjs';
import { startStack } from '../stack/stack.mjs';

/** @returns {Promise<{dataDir: string, victims: {name: string, kill(): Promise<void>, restart(): Promise<void>}[], history(): object, stop(): Promise<void>}>} */
export async function startProfile(profile, dir, say) {
  return profile === 'embedded' ? startEmbedded(join(dir, 'data')) : startDistributed(dir, say);
}

async function startEmbedded(dataDir) {
  let child = await startSolo(dataDir);
  const end = async (signal) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const solo = { name: 'solo', kill: () => end('SIGKILL'), restart: async () => void (child = await startSolo(dataDir)) };
  return { dataDir, victims: [solo], history: () => JSON.parse(readFileSync(join(dataDir, 'solo.json'), 'utf8')).history, stop: () => end('SIGTERM') };
}

async function startSolo(dataDir) {
  const child = spawn(nodeProgram(), [program, 'up', '--no-demo', '--port', '0', '--data', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => (said += chunk).includes('Console') && resolve());
    child.once('exit', (code) => reject(new Error(`countersign up ended with ${code}: ${said.slice(-2_000)}`)));
  });
  return child;
}

async function startDistributed(dir, say) {
  const stack = await startStack({ dir, say });
  const engines = [['redis', stack.redis], ['kafka', stack.kafka.nodes?.[0] ?? stack.kafka]];
  const services = stack.services.filter(({ kind }) => kind !== 'console');
  const victims = [...services.map((service) => [service.name, service]), ...engines].map(([name, one]) => ({ name, kill: () => one.kill(), restart: () => one.restart() }));
  return { dataDir: stack.facts.dataDir, victims, history: () => stack.facts.clickHouse, stop: () => stack.stop() };
}
