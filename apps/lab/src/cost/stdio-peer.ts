/** A bare JSON-RPC client over a child's stdio, with a clock on every answer. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import type { CostPeer } from './cost-peer.js';
import { initialized, initializeParams, requestText } from './cost-peer.js';

export class StdioPeer implements CostPeer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (line: string) => void>();
  #pieces: string[] = [];
  #nextId = 1;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.resume();
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.setEncoding('utf8');
    this.#child.stdout.on('data', (chunk: string) => this.#take(chunk));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends one request and resolves with its answer's line. */
  request(method: string, params: unknown): Promise<string> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.stdin.write(`${requestText(id, method, params)}\n`);
    });
  }

  async initialize(): Promise<void> {
    await this.request('initialize', initializeParams);
    this.#child.stdin.write(`${initialized}\n`);
    await this.request('tools/list', {});
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    await gone;
  }

  /** Ends it by a signal, or at once; resolves when it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }

  #take(chunk: string): void {
    const lines = chunk.split('\n');
    for (const [index, line] of lines.entries()) {
      this.#pieces.push(line);
      if (index === lines.length - 1) break;
      const whole = this.#pieces.join('');
      this.#pieces = [];
      const id = Number(/"id":(\d+)/.exec(whole)?.[1]);
      const settle = this.#waiting.get(id);
      this.#waiting.delete(id);
      settle?.(whole);
    }
  }
}
