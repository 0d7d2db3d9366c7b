/** Starts the product's own taps in front of the demonstration's servers, the way a user would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Seven taps start at once, beside whatever else this machine does. */
const startMsMax = 60_000;

export interface TapSettings {
  /** Path of the `countersign` program. */
  readonly program: string;
  readonly dataDir: string;
}

export interface Identity {
  readonly name: string;
  readonly role: string;
}

export interface HttpTap {
  readonly url: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

const identityArgs = (server: string, { name, role }: Identity, dataDir: string) => ['tap', '--server', server, '--agent', name, '--role', role, '--data', dataDir];

export async function startHttpTap(settings: TapSettings, of: { server: string; agent: Identity; upstream: string }): Promise<HttpTap> {
  const port = await freePort();
  const args = [...identityArgs(of.server, of.agent, settings.dataDir), '--upstream', of.upstream, '--listen', `127.0.0.1:${port}`, '--end-with-stdin'];
  const child = spawn(process.execPath, [settings.program, ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
  await listening(child, of.server);
  return { url: `http://127.0.0.1:${port}${new URL(of.upstream).pathname}`, stop: () => stopped(child) };
}

/** The tap says on stderr where it listens; until then it is not there. */
async function listening(child: ChildProcess, server: string): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const giveUp = setTimeout(() => reject(new Error(`the tap for ${server} did not start within ${startMsMax / 1_000} s: ${said}`)), startMsMax);
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
      if (!/listening/i.test(said)) return;
      clearTimeout(giveUp);
      resolve();
    });
    child.once('exit', (code) => {
      clearTimeout(giveUp);
      reject(new Error(`the tap for ${server} ended with ${code}: ${said}`));
    });
  });
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(late);
}

/** Command line of a stdio tap, for a client that starts it itself. */
export function stdioTap(settings: TapSettings, of: { server: string; agent: Identity; command: readonly string[] }): { command: string; args: string[] } {
  return { command: process.execPath, args: [settings.program, ...identityArgs(of.server, of.agent, settings.dataDir), '--', ...of.command] };
}
