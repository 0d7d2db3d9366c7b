/**
 * Runs one engine so that it cannot outlive whoever asked for it: when this process's standard input ends, the engine is killed.
 * First line of output: the engine's process id. SIGTERM is passed on. Everything the engine says goes to the log file.
 * Usage: node guard.mjs LOG COMMAND [ARGUMENT…]
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';

const [log, command, ...args] = process.argv.slice(2);
const said = openSync(log, 'a', 0o600);
const engine = spawn(command, args, { stdio: ['ignore', said, said] });
engine.once('error', () => process.exit(127));
engine.once('exit', (code) => process.exit(code ?? 0));
process.stdout.write(`${engine.pid}\n`);
process.stdin.resume().once('end', () => engine.kill('SIGKILL'));
process.once('SIGTERM', () => engine.kill('SIGTERM'));
