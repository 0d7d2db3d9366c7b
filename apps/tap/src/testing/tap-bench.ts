/** A tap's core on a memory spool, a seeded clock and a real gate socket, for tests of what becomes of messages. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededClock } from '@countersign/adapters/clock/seeded';
import { MemorySpool } from '@countersign/adapters/spool/memory';
import { observationSchema, type Observation } from '@countersign/contracts';
import { defaultPolicy, type Policy } from '@countersign/policy/runtime';
import type { Spool } from '@countersign/wire';
import { createTapCore } from '../core.js';
import type { Passage, TapCore, TapStream } from '../passage.js';
import { TestGate } from './test-gate.js';

export interface BenchOptions {
  readonly policy?: Policy;
  /** Without one nothing listens at the gate's socket. */
  readonly hasGate?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly spool?: Spool;
  /** Where people decide; undefined: nobody left word. */
  readonly approvalsPage?: string;
  /** When work that no message waits for is done; at once by default. */
  readonly later?: (work: () => void) => void;
}

export class TapBench {
  readonly dir = mkdtempSync(join(tmpdir(), 'countersign-tap-'));
  readonly clock = new SeededClock({ seed: 7 });
  readonly spool: Spool;
  readonly logged: string[] = [];
  /** What the tap said to the client, and to the server, outside of answers. */
  readonly said: { readonly toClient: string[]; readonly toServer: string[] } = { toClient: [], toServer: [] };
  readonly gate: TestGate;
  readonly core: TapCore;
  readonly stream: TapStream;
  #callId = 0;

  private constructor(options: BenchOptions) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.spool = options.spool ?? new MemorySpool();
    this.gate = new TestGate(options.policy ?? testPolicy);
    this.gate.wallMs = () => this.clock.wallMs();
    this.core = createTapCore({
      tapId: 'tap-0', epoch: 1, former: undefined, spool: this.spool, version: 'test',
      publicKey: publicKey.export({ format: 'jwk' }).x ?? '', sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
      policyFile: join(this.dir, 'policy.json'), socketPath: join(this.dir, 'gate.sock'), server: 'bank', agent: { name: 'ana', role: 'buyer' }, transport: 'stdio',
      env: options.env ?? {}, clock: this.clock, ...(options.later === undefined ? {} : { later: options.later }), random: () => 0.5, drainPauseMs: 0, process: { pid: 1, parentPid: 0 }, log: (line) => this.logged.push(line),
      ...(options.approvalsPage === undefined ? {} : { approvalsPage: () => options.approvalsPage }),
      makeCallId: () => (this.#callId += 1).toString(16).padStart(32, '0'),
    });
    this.stream = this.core.openStream({ transport: 'stdio', session: 'tap-0/1', sessionRule: 'process' });
  }

  static async open(options: BenchOptions = {}): Promise<TapBench> {
    const bench = new TapBench(options);
    if (options.hasGate === false) return bench;
    await bench.gate.listen(join(bench.dir, 'gate.sock'));
    // The first attempt came before the gate listened; the retry needs the clock to move.
    while (bench.gate.hellos.length === 0) await bench.clock.advance(50);
    await until(() => bench.gate.observations.length > 0 && existsSync(join(bench.dir, 'policy.json')));
    return bench;
  }

  /** Teaches the tap its tools, as a server would. */
  teach(tools: readonly Record<string, unknown>[] = testTools): void {
    void this.fromClient('{"jsonrpc":"2.0","id":"list","method":"tools/list"}');
    void this.fromServer(JSON.stringify({ jsonrpc: '2.0', id: 'list', result: { tools } }));
  }

  fromClient(text: string, more: { readonly attestationHeader?: string } = {}): Passage | Promise<Passage> {
    return this.stream.offer({ direction: 'client-to-server', bytes: Buffer.from(text), framing: '\n', toSender: (bytes) => this.said.toClient.push(Buffer.from(bytes).toString()) > 0, ...more });
  }

  fromServer(text: string): Passage | Promise<Passage> {
    return this.stream.offer({ direction: 'server-to-client', bytes: Buffer.from(text), framing: '\n', toSender: (bytes) => this.said.toServer.push(Buffer.from(bytes).toString()) > 0 });
  }

  call(id: number | string, tool: string, args: unknown = {}): Passage | Promise<Passage> {
    return this.fromClient(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: args } }));
  }

  /** Everything in the spool and at the gate, parsed by the contract. */
  recorded(): Observation[] {
    const spooled = this.spool.read(undefined, 10_000).map(({ record }) => observationSchema.parse(JSON.parse(record)));
    return [...this.gate.observations, ...spooled.filter(({ id }) => !this.gate.observations.some((seen) => seen.id === id))].sort((a, b) => a.seq - b.seq);
  }

  notes(kind: Observation['kind']): unknown[] {
    return this.recorded().filter((observation) => observation.kind === kind).map(({ note }) => note);
  }

  async close(): Promise<void> {
    await this.core.close(0);
    await this.gate.close().catch(() => undefined);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The default, except that a session's first call waits for nobody and the notes are nobody else's. */
export const testPolicy: Policy = {
  ...defaultPolicy,
  sessions: { firstCallTier: 'low' },
  tools: [{ server: 'bank', tool: '*_note*', openWorld: false }],
};

export const testTools = [
  { name: 'list_notes', description: 'List the notes.', inputSchema: { type: 'object' } },
  { name: 'write_note', description: 'Write a note.', inputSchema: { type: 'object' } },
  { name: 'fetch_page', description: 'Fetch a web page.', inputSchema: { type: 'object', properties: { url: { type: 'string' } } }, outputSchema: { type: 'object', properties: { page: { type: 'string' } } } },
];

/** Turns the event loop until it holds. @throws after `turnsMax` turns, so that a broken promise is a failed test and not a hang. */
export async function until(holds: () => boolean, turnsMax = 20_000): Promise<void> {
  for (let turn = 0; turn < turnsMax; turn += 1) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`still not so after ${turnsMax} turns: ${holds.toString()}`);
}

export function textOf(passage: Passage): string {
  return passage.kind === 'drop' ? '' : Buffer.from(passage.bytes).toString();
}
