/** A bare Streamable HTTP client on one kept connection, in front of a process that says its port when it listens. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { initialized, initializeParams, requestText, type CostPeer } from './cost-peer.js';

const startMsMax = 20_000;

export class HttpPeer implements CostPeer {
  readonly #child: ChildProcess;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  #nextId = 1;

  private constructor(child: ChildProcess, readonly port: number) {
    this.#child = child;
  }

  /** @param pattern its first group is the port, in what the process says on stdout or stderr. @throws when it says none in 20 s. */
  static async start([command = '', ...args]: readonly string[], pattern: RegExp): Promise<HttpPeer> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    const port = await new Promise<number>((resolve, reject) => {
      const late = setTimeout(() => child.kill('SIGKILL'), startMsMax);
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        const found = pattern.exec(said)?.[1];
        if (found === undefined) return;
        clearTimeout(late);
        resolve(Number(found));
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', () => reject(new Error(`It ended before it listened: ${said}`)));
    });
    return new HttpPeer(child, port);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  request(method: string, params: unknown): Promise<string> {
    return this.#post(requestText(this.#nextId++, method, params));
  }

  async initialize(): Promise<void> {
    await this.request('initialize', initializeParams);
    await this.#post(initialized);
    await this.request('tools/list', {});
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    const gone = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await gone;
  }

  #post(text: string): Promise<string> {
    const body = Buffer.from(text);
    const headers = { 'content-type': 'application/json', 'content-length': body.length, accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' };
    return new Promise((resolve, reject) => {
      const outgoing = http.request({ host: '127.0.0.1', port: this.port, path: '/mcp', method: 'POST', agent: this.#agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve(Buffer.concat(chunks).toString()));
        answer.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}
