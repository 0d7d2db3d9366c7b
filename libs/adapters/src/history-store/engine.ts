/**
 * The embedded history engine: a real ClickHouse in a child process, for machines where nobody installed one.
 * E1. It listens on loopback only, and answers only the two users whose passwords lie in its folder (mode 0600).
 * E2. It ends with its parent, however the parent ends; a folder left by a killed engine starts again.
 * E3. An engine that dies on its own is started again on the same port; callers see their requests fail meanwhile.
 * E4. Ready within 10 seconds or a sentence that says what to do; one engine per folder.
 * Does not know: tables, queries, what is stored.
 */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { engineDatabase, engineFiles, type EngineCredentials } from './engine-config.js';
import { engineLibrary, freePort, spawnEngine } from './engine-process.js';

const readyMsMax = 10_000;
const pollMs = 25;
const stopMsMax = 5_000;
const restartMsMax = 5_000;
/** Ended this often before it ever answered: not a folder whose last engine is just going, but one in use or broken. */
const earlyEndingsMax = 6;
const stderrCharactersMax = 2_000;

export interface EngineOptions {
  /** The engine's own folder; created with mode 0700 when absent. */
  readonly dir: string;
  /** One sentence per turn in the engine's life (started again, given up). */
  readonly log: (sentence: string) => void;
}

/** Everything `ClickHouseHistoryStore.connect` wants, and the way out. */
export interface Engine extends EngineCredentials {
  /** `http://127.0.0.1:<port>`; the same for the engine's whole life. */
  readonly url: string;
  readonly database: string;
  /** Resolves when the process is gone. Close stores first: a statement under way is cut off. */
  stop(): Promise<void>;
}

/**
 * Starts the engine and waits until it answers.
 * @throws when the platform has no library, the folder is in use, or it is not ready within 10 s; the sentence says what to do.
 */
export async function startEngine({ dir, log }: EngineOptions): Promise<Engine> {
  engineLibrary(); // refuses before anything is written
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const credentials = await ownCredentials(join(dir, 'credentials.json'));
  const files = engineFiles(join(dir, 'users.xml'), credentials);
  await writePrivately(join(dir, 'users.xml'), files.users);
  await writePrivately(join(dir, 'config.xml'), files.config);
  await writePrivately(join(dir, 'start.sql'), files.start);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const supervised = supervise({ url, credentials, log, dir, start: () => spawnEngine({ dir, port }) });
  try {
    await supervised.ready;
  } catch (error) {
    await supervised.stop();
    throw error;
  }
  return { ...credentials, url, database: engineDatabase, stop: supervised.stop };
}

/** Passwords are made once per folder, so that the files and a running engine never disagree. */
async function ownCredentials(file: string): Promise<EngineCredentials> {
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const password = (): string => randomBytes(32).toString('base64url');
  const { password: admin, readPassword } = kept === undefined ? { password: password(), readPassword: password() } : parsePasswords(kept, file);
  if (kept === undefined) await writePrivately(file, JSON.stringify({ password: admin, readPassword }));
  return { username: 'admin', password: admin, readUsername: 'reader', readPassword };
}

function parsePasswords(text: string, file: string): { password: string; readPassword: string } {
  const refusal = `${file} is damaged. No history was lost; remove the file and start again, new passwords will be made.`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(refusal);
  }
  const { password, readPassword } = (value ?? {}) as { password?: unknown; readPassword?: unknown };
  if (typeof password !== 'string' || typeof readPassword !== 'string') throw new Error(refusal);
  return { password, readPassword };
}

async function writePrivately(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
}

interface Supervision {
  readonly url: string;
  readonly credentials: EngineCredentials;
  readonly dir: string;
  readonly log: (sentence: string) => void;
  readonly start: () => ChildProcess;
}

function supervise(given: Supervision): { ready: Promise<void>; stop(): Promise<void> } {
  let stopping = false;
  let restartMs = pollMs;
  let isReady = false;
  let earlyEndings = 0;
  let lastWords = '';
  let child = launch();

  function launch(): ChildProcess {
    const started = given.start();
    started.stdin?.on('error', () => undefined); // the pipe of a dead engine; its `exit` says the rest
    started.stderr?.on('data', (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-stderrCharactersMax)));
    started.once('error', (error) => (lastWords = error.message));
    started.once('exit', () => void again());
    return started;
  }
  async function again(): Promise<void> {
    if (stopping) return;
    if (!isReady) earlyEndings += 1;
    await pause(restartMs, undefined, { ref: false });
    if (stopping) return;
    if (isReady) given.log(`The history engine ended on its own and is being started again; nothing acknowledged was lost. ${lastWords.trim()}`.trim());
    restartMs = Math.min(restartMs * 2, restartMsMax);
    child = launch();
  }
  async function becomeReady(): Promise<void> {
    const deadline = performance.now() + readyMsMax;
    while (!(await answers(given))) {
      if (performance.now() > deadline || earlyEndings >= earlyEndingsMax) throw new Error(notReady(given.dir, lastWords));
      await pause(pollMs);
    }
    isReady = true;
    restartMs = pollMs;
  }
  async function stop(): Promise<void> {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    if ((await Promise.race([gone, pause(stopMsMax, 'late', { ref: false })])) !== 'late') return;
    child.kill('SIGKILL');
    await gone;
  }
  return { ready: becomeReady(), stop };
}

function notReady(dir: string, lastWords: string): string {
  const said = lastWords.trim() === '' ? '' : ` It said: ${lastWords.trim()}`;
  return `The history engine did not start (tried for up to ${readyMsMax / 1000} s). Nothing was lost; check that no other Countersign uses ${dir} and that its disk has space, or set CLICKHOUSE_URL to a ClickHouse server.${said}`;
}

async function answers({ url, credentials }: Supervision): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  try {
    const response = await fetch(url, { method: 'POST', headers: { authorization }, body: 'SELECT 1', signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // not listening yet; the caller's deadline decides how long that is fine
  }
}
