/** `countersign doctor`: which servers clients know, which of them Countersign sees, and what is wrong. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import type { Command } from 'commander';
import { dataPaths, gateSocketPath } from '@countersign/service/data-dir';
import { resolveDataDir } from '../data-dir.js';
import { runningSolo } from '../running-solo.js';
import { UserError } from '../user-error.js';
import { configFilesOf, type ConfigFile } from '../wrap/config-files.js';
import { readConfig } from '../wrap/config-io.js';
import { serverHealth, type ServerHealth } from '../wrap/health.js';
import { printable } from '../wrap/secrets.js';
import { isStartable } from '../wrap/tap-program.js';
import { inventory } from '../wrap/wrap-file.js';

const gateWaitMsMax = 2_000;
const frameBytesMax = 4_096;

interface FileHealth {
  readonly client: string;
  readonly file: string;
  readonly scope: string;
  readonly problem?: string;
}

interface Report {
  readonly dataDir: string;
  readonly countersign: { readonly isRunning: boolean; readonly pid?: number; readonly consoleUrl?: string };
  readonly gate: { readonly socket: string; readonly answers: boolean };
  readonly enrolledTapIds: readonly string[];
  readonly files: readonly FileHealth[];
  readonly servers: readonly ServerHealth[];
  /** What needs a hand, one sentence each. */
  readonly problems: readonly string[];
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say which MCP servers your clients know, which of them have a tap, and what is wrong; exit code 1 when something needs a hand')
    .option('--data <dir>', 'the data folder to look at')
    .option('--json', 'the whole report as JSON')
    .action(async (flags: { readonly data?: string; readonly json?: boolean }) => {
      const report = await examine(resolveDataDir(flags.data));
      process.stdout.write(flags.json === true ? `${JSON.stringify(report, undefined, 1)}\n` : printable(table(report)));
      if (report.problems.length > 0) throw new UserError(`${report.problems.length === 1 ? 'one thing needs' : `${report.problems.length} things need`} a hand:\n${printable(report.problems.map((line) => `  ${line}`).join('\n'))}`);
    });
}

async function examine(dataDir: string): Promise<Report> {
  const machine = { platform: process.platform, env: process.env, home: homedir(), cwd: process.cwd() };
  const solo = runningSolo(dataDir);
  const socket = gateSocketPath(dataDir, { platform: process.platform, tmpDir: tmpdir() });
  const answers = await gateAnswers(socket);
  const enrolled = enrolledTaps(dataPaths(dataDir, process.platform).enrolledFile);
  const files: FileHealth[] = [];
  const servers: ServerHealth[] = [];
  for (const place of configFilesOf(machine)) {
    const found = examineFile(place, { dataDir, enrolledTapIds: enrolled.tapIds, isThere: existsSync, isStartable: (command) => isStartable(command, machine) });
    if (found === undefined) continue;
    files.push(found.file);
    servers.push(...found.servers);
  }
  const hasTaps = servers.some(({ state }) => state === 'wrapped');
  const away = !hasTaps || answers ? [] : [`servers are wrapped, but no gate answers at ${socket}: reads pass and are recorded later, writes are refused; start it with \`countersign up\``];
  const problems = [
    ...away,
    ...enrolled.problems,
    ...files.flatMap(({ client, file, problem }) => (problem === undefined ? [] : [`${client}: ${file}: ${problem}`])),
    ...servers.flatMap(({ client, server, problems: own }) => own.map((one) => `${client}: ${server}: ${one}`)),
  ];
  return { dataDir, countersign: solo === undefined ? { isRunning: false } : { isRunning: true, pid: solo.pid, consoleUrl: solo.consoleUrl }, gate: { socket, answers }, enrolledTapIds: enrolled.tapIds, files, servers, problems };
}

type Looking = Omit<Parameters<typeof serverHealth>[1], 'client' | 'file'>;

function examineFile({ file, client, scope }: ConfigFile, looking: Looking): { readonly file: FileHealth; readonly servers: readonly ServerHealth[] } | undefined {
  const config = readConfig(file);
  if (config === undefined) return undefined;
  const about = { client: client.title, file, scope };
  if (typeof config === 'string') return { file: { ...about, problem: config }, servers: [] };
  const entries = config.text.trim() === '' ? [] : inventory({ config, client });
  if (typeof entries === 'string') return { file: { ...about, problem: entries }, servers: [] };
  return { file: about, servers: entries.map((entry) => serverHealth(entry, { ...looking, client: client.title, file })) };
}

function enrolledTaps(file: string): { readonly tapIds: readonly string[]; readonly problems: readonly string[] } {
  if (!existsSync(file)) return { tapIds: [], problems: [] };
  try {
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { readonly keys?: Readonly<Record<string, string>> };
    return { tapIds: Object.keys(keys ?? {}), problems: [] };
  } catch (error) {
    return { tapIds: [], problems: [`the enrolments ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

/** A gate speaks first: whoever sends a challenge is one. */
function gateAnswers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(socketPath).setEncoding('utf8');
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(gateWaitMsMax, () => end(false));
    socket.on('error', () => end(false)).on('end', () => end(false));
    socket.on('data', (chunk: string) => {
      heard += chunk;
      if (heard.includes('\n') || heard.length > frameBytesMax) end(/^\{[^\n]*"type":"challenge"/.test(heard));
    });
  });
}

function table({ dataDir, countersign, gate, enrolledTapIds, files, servers }: Report): string {
  const running = countersign.isRunning ? `runs (process ${countersign.pid}), console at ${countersign.consoleUrl}` : 'does not run on this folder';
  const rows = servers.map(({ server, client, state, isEnrolled, reaches }) => [server, client, state === 'wrapped' ? `wrapped, ${isEnrolled === true ? 'enrolled' : 'not yet seen'}` : state, reaches]);
  const near = servers.filter(({ state }) => state === 'on this machine').length;
  const bare = servers.filter(({ state }) => state !== 'wrapped').length - near;
  return [
    `Data folder   ${dataDir}`,
    `Countersign   ${running}`,
    `Gate          ${gate.answers ? 'answers' : 'does not answer'} at ${gate.socket}`,
    `Taps          ${enrolledTapIds.length} enrolled`,
    `Files         ${files.length === 0 ? 'no client’s file found' : files.map(({ file }) => file).join(', ')}`,
    '',
    ...aligned([['SERVER', 'CLIENT', 'STATE', 'REACHES'], ...rows]),
    '',
    `${servers.length} servers, ${bare} of them without a tap: what these do is not seen.`,
    ...(near === 0 ? [] : [`${near} reached at an address of this machine: seen where a tap listens there.`]),
    '',
  ].join('\n');
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(width(column)))).join('  '));
}
