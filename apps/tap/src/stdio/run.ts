/**
 * The stdio tap: one child, two pumps, and an end like the child's own.
 * SR1. The client's end of input reaches the child as soon as no call waits for a verdict.
 * SR2. What the child wrote last is relayed before the tap ends; a grandchild that keeps the pipe open is not waited for.
 * SR3. The tap ends with the child's code, or by the child's signal, within two seconds.
 */
import type { Readable, Writable } from 'node:stream';
import type { TapCore } from '../passage.js';
import type { Ending, ServerProcess } from './child.js';
import { Pump } from './pump.js';

export interface StdioOptions {
  readonly core: TapCore;
  readonly server: ServerProcess;
  readonly client: { readonly input: Readable; readonly output: Writable };
  /** Names this process's conversation. */
  readonly session: string;
}

const drainOutputMs = 500;
const settleMs = 700;
const flushMs = 500;
const drainSpoolMs = 500;

/** Resolves with how the child ended, after everything it said was passed on and recorded. @throws StartFailed */
export async function runStdioTap({ core, server, client, session }: StdioOptions): Promise<Ending> {
  const stream = core.openStream({ transport: 'stdio', session, sessionRule: 'process' });
  const toServer = new Pump({ direction: 'client-to-server', source: client.input, onward: server.input, client: client.output, back: client.output, stream });
  const toClient = new Pump({ direction: 'server-to-client', source: server.output, onward: client.output, client: client.output, back: server.input, stream });
  // A client that is gone cannot be written to: its server then sees a closed pipe, as it would without a tap.
  client.output.on('error', () => {
    server.output.destroy();
    server.input.end();
  });
  void toServer.ended.then(async () => {
    stream.abandon();
    await toServer.settled();
    server.input.end();
  });
  const ending = await server.exited;
  await within(drainOutputMs, toClient.ended);
  await within(settleMs, toClient.settled());
  client.input.pause();
  stream.end(ending.signal === null ? `server-exited-${ending.code ?? 0}` : `server-killed-${ending.signal}`);
  await within(flushMs, flushed(client.output));
  await core.close(drainSpoolMs);
  return ending;
}

function flushed(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (output.destroyed) return resolve();
    output.once('close', resolve);
    output.write('', () => resolve());
  });
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
