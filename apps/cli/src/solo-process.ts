/** `countersign up` as a process of its own: what is measured beside it must not share its event loop. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { programFile } from './program-file.js';
import { UserError } from './user-error.js';

const startMsMax = 30_000;

/** @returns how to end it; resolves when it has greeted. @throws UserError with what it said, when it does not start. */
export async function startSoloProcess(dataDir: string): Promise<{ stop(): Promise<void> }> {
  const child = spawn(process.execPath, [programFile, 'up', '--no-demo', '--port', '0', '--data', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => child.kill('SIGKILL'), startMsMax);
    const heard = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
      if (!said.includes('Console ')) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    child.once('exit', () => reject(new UserError(`Countersign did not start beside the measurement: ${said}`)));
  });
  return {
    stop: async () => {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
