/**
 * `countersign tap …`: the process. Reads argv and the environment once, starts the server first (it starts while the tap does), ends as it ends.
 * What is not needed to start the server is imported after it was started; Node's HTTP code (80 to 160 ms) only for an HTTP tap.
 * Nothing is written to stdout here but what the relay writes; what the tap has to say goes to stderr, one line each.
 */
import { tmpdir } from 'node:os';
import { readSettings, usage, type Settings } from './settings.js';
import { startServer, StartFailed, type Ending, type ServerProcess } from './stdio/child.js';
import { systemClock } from './system-clock.js';

const machine = { env: process.env, platform: process.platform, tmpDir: tmpdir() };
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const usageExit = 2;
const failureExit = 1;

const log = (line: string): void => void process.stderr.write(`countersign tap: ${line}\n`);

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') && !argv.slice(0, argv.indexOf('--help')).includes('--')) {
    process.stderr.write(`${usage}\n`);
    return;
  }
  const settings = readSettings(argv);
  if (typeof settings === 'string') {
    log(`${settings}.\n${usage}`);
    process.exit(usageExit);
  }
  const { transport } = settings;
  if (transport.kind === 'stdio') await stdio(settings, startServer({ command: transport.command, args: transport.args, env: process.env, platform: process.platform }));
  else if (transport.kind === 'remote') await remote(settings, transport);
  else await http(settings, transport);
}

async function remote(settings: Settings, { upstream, headers }: Extract<Settings['transport'], { kind: 'remote' }>): Promise<void> {
  const missing = headers.find(({ variable }) => !process.env[variable]);
  if (missing !== undefined) {
    log(`the environment variable ${missing.variable}, which holds the header ${missing.name}, is not set. Nothing was sent to the server.`);
    process.exit(usageExit);
  }
  const { startRemoteServer } = await import('./remote/remote-server.js');
  await stdio(settings, startRemoteServer({ url: upstream, headers: headers.flatMap(({ name, variable }) => [name, process.env[variable] ?? '']), log }));
}

async function stdio(settings: Settings, server: ServerProcess): Promise<void> {
  const forward = (name: NodeJS.Signals): void => server.signal(name);
  for (const name of signals) process.on(name, forward);
  // Attached at once: a command that cannot start fails while the tap's own state is still being opened.
  server.exited.catch(() => undefined);
  try {
    const [{ startCore }, { runStdioTap }, { clientPipes }] = await Promise.all([import('./start.js'), import('./stdio/run.js'), import('./stdio/client-pipes.js')]);
    const { core, session } = startCore({ settings, machine, clock: systemClock, log });
    const ended = runStdioTap({ core, server, session, client: clientPipes() });
    setImmediate(() => server.watch());
    const ending = await ended;
    server.reap();
    for (const name of signals) process.off(name, forward);
    endLike(ending);
  } catch (error) {
    await giveUp(server, error);
  }
}

async function http(settings: Settings, { upstream, host, port, endsWithStdin, oauthRewrite = false }: Extract<Settings['transport'], { kind: 'http' }>): Promise<void> {
  const [{ startCore }, { runHttpTap }] = await Promise.all([import('./start.js'), import('./http/run.js')]);
  const { core } = startCore({ settings, machine, clock: systemClock, log });
  const tap = await runHttpTap({ core, upstream, listen: { host, port }, log, oauthRewrite });
  log(`listening on http://${host.includes(':') ? `[${host}]` : host}:${tap.port} for ${settings.server}`);
  let isStopping = false;
  const stop = async (): Promise<void> => {
    // A signal and the end of standard input may come together.
    if (isStopping) return;
    isStopping = true;
    await tap.close();
    await core.close(1_000);
    process.exit(0);
  };
  for (const name of signals) process.once(name, () => void stop());
  if (endsWithStdin) process.stdin.on('end', () => void stop()).resume();
}

/** W6: same code, same signal. */
function endLike({ code, signal }: Ending): void {
  if (signal === null) process.exit(code ?? failureExit);
  process.kill(process.pid, signal);
  // A signal this process cannot die of (ignored by its parent's wish) still ends it, with the code a shell would give.
  setTimeout(() => process.exit(128 + 15), 200);
}

async function giveUp(server: ServerProcess, error: unknown): Promise<void> {
  server.reap();
  if (error instanceof StartFailed) {
    log(error.message);
    process.exit(error.exitCode);
  }
  log(`${error instanceof Error ? error.message : String(error)} Nothing was sent to the server.`);
  process.exit(failureExit);
}

main(process.argv[2] === 'tap' ? process.argv.slice(3) : process.argv.slice(2)).catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exit(failureExit);
});
