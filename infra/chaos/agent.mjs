/**
 * One agent under load: a client, its tap and the witness server behind it.
 * AG1. Each call carries a nonce that is never used again, so that what was executed, answered and recorded can be compared.
 * AG2. A tap that ends takes what is in flight with it; those calls count as lost, and the next start makes a new tap.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeProgram } from '../stack/services.mjs';

const oracle = fileURLToPath(new URL('./oracle-server.mjs', import.meta.url));
const program = fileURLToPath(new URL('../../apps/cli/bin/countersign.js', import.meta.url));
const inFlightMax = 4;

export class Agent {
  /** Nonce → `answered`, `refused` or `lost`. */
  outcomes = new Map();
  #pending = new Map();
  #isLoaded = false;
  #calls = 0;
  #child;

  constructor({ name, dataDir, witness, random }) {
    Object.assign(this, { name, dataDir, witness, random });
  }

  async start() {
    const args = [program, 'tap', '--server', 'oracle', '--agent', this.name, '--role', 'chaos', '--data', this.dataDir, '--', process.execPath, oracle, this.witness];
    const child = spawn(nodeProgram(), args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    child.once('exit', () => this.#lose(child));
    createInterface({ input: child.stdout }).on('line', (line) => this.#answer(JSON.parse(line)));
    await this.#ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'chaos', version: '1' } });
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
    await this.#ask('tools/list', {});
  }

  /** SIGKILL to the tap alone; its server sees its input end. */
  async kill() {
    const child = this.#child;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async restart() {
    await this.start();
    if (this.#isLoaded) this.#pump();
  }

  load() {
    this.#isLoaded = true;
    this.#pump();
  }

  /** No more calls; what is in flight is given `patienceMs` and then given up. */
  async rest(patienceMs) {
    this.#isLoaded = false;
    const until = Date.now() + patienceMs;
    while (this.#pending.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async stop() {
    const child = this.#child;
    if (!this.#isAlive()) return;
    const gone = once(child, 'exit');
    child.stdin.end();
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(force);
  }

  #isAlive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #pump() {
    while (this.#isLoaded && this.#pending.size < inFlightMax && this.#isAlive()) this.#call();
  }

  #call() {
    const tool = this.random() < 0.6 ? 'write_note' : this.random() < 0.98 ? 'read_note' : 'refund_order';
    const nonce = `${this.name}-${(this.#calls += 1)}`;
    this.#ask('tools/call', { name: tool, arguments: { nonce, text: `note ${this.#calls % 50}` } }).then(
      ({ result }) => this.outcomes.set(nonce, result === undefined || result.isError ? 'refused' : 'answered'),
      () => this.outcomes.set(nonce, 'lost'),
    ).finally(() => setTimeout(() => this.#pump(), 5 + this.random() * 60));
  }

  #ask(method, params) {
    const id = `${method}-${Math.floor(this.random() * 1e9)}-${this.#pending.size}`;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  #answer(message) {
    const waiting = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    waiting?.resolve(message);
  }

  #lose(child) {
    if (child !== this.#child) return;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of lost) reject(new Error('the tap ended'));
  }
}
