/** How the engine's process is called: its library, its arguments, its port. What happens to it then is `engine.ts`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface EnginePlace {
  /** Holds `config.xml`, `users.xml`, `start.sql` and, once started, `data/`. */
  readonly dir: string;
  readonly port: number;
}

/** The child keeps its standard input open for as long as it may live. */
export function spawnEngine(place: EnginePlace): ChildProcess {
  // A process group of its own: Ctrl-C in the terminal must not end it before its parent has written what it has.
  return spawn(process.execPath, engineArguments(place), { stdio: ['pipe', 'ignore', 'pipe'], detached: true, cwd: place.dir, env: { TZ: 'UTC' } });
}

/** For `node`: the child's own script, the library, the engine's command line. Holds no secret. */
export function engineArguments({ dir, port }: EnginePlace): string[] {
  const script = new URL(import.meta.url.endsWith('.ts') ? './engine-child.ts' : './engine-child.js', import.meta.url);
  const engine = ['clickhouse', `--path=${join(dir, 'data')}`, `--config-file=${join(dir, 'config.xml')}`, `--http_port=${port}`, '--queries-file', join(dir, 'start.sql')];
  return [fileURLToPath(script), engineLibrary(), ...engine];
}

/** @throws where the platform has no library. */
export function engineLibrary(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@chdb/lib-linux-x64-gnu/package.json')), 'libchdb.so');
  } catch {
    throw new Error(
      `There is no embedded history engine for ${process.platform}-${process.arch}. Nothing was lost; set CLICKHOUSE_URL to a ClickHouse server and history is kept there.`,
    );
  }
}


/** A port nobody listens on now; another process may still take it first, which shows as an engine that does not start. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no free loopback port for the history engine.');
  return address.port;
}
