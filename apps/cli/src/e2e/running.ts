/** Starts the built program the way a person does, for tests: real processes, a folder of their own, nothing shared. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const program = fileURLToPath(new URL('../../bin/countersign.js', import.meta.url));

export function scratch(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function countersign(...args: readonly string[]): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 240_000, maxBuffer: 1 << 26 });
  return { status, stdout, stderr };
}

export interface Up {
  readonly child: ChildProcess;
  readonly loginLink: string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** `countersign up` on a folder; resolves when it has greeted. */
export async function startUp(dataDir: string, ...more: readonly string[]): Promise<Up> {
  const child = spawn(process.execPath, [program, 'up', '--no-demo', '--port', '0', '--data', dataDir, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const loginLink = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const link = /Console\s+(http\S+)/.exec(said)?.[1];
      if (link) resolve(link);
    });
    child.once('exit', (code) => reject(new Error(`countersign up ended with ${code}: ${said}`)));
  });
  return {
    child, loginLink,
    kill: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}
