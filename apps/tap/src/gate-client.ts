/**
 * The tap's end of the gate socket: drains the spool, takes verdicts, decisions and policies.
 * GC1. Observations go out in spool order; the spool is trimmed only at what the gate acknowledged.
 * GC2. After a lost connection everything unacknowledged is sent again.
 * GC3. At most `unackedRecordsMax` records or `unackedBytesMax` bytes are under way: a slow gate fills the spool, not this process.
 * GC4. `onAway` is told once per failed attempt to reach a gate that was there or was hurried for: a call that comes meanwhile waits for that.
 * GC5. What a call waits for goes out at once; the rest may gather for `drainPauseMs`, for the gate works on the same machine.
 */
import { connect, type Socket } from 'node:net';
import type { Agent } from '@countersign/contracts';
import type { Clock } from '@countersign/pipeline';
import { LineFramer, type Spool, type SpoolAppend } from '@countersign/wire';
import { readGateFrame, type DecisionNews, type GateNews, type VerdictNews } from './gate-frames.js';
import { Outbox, type Batch, type Position } from './outbox.js';

const frameBytesMax = 4 * 1024 * 1024;
const unackedRecordsMax = 2048;
const unackedBytesMax = 4 * 1024 * 1024;
const pauseMsMin = 50;
const pauseMsMax = 5_000;

export interface GateListener {
  onWelcome(domain: string): void;
  onVerdict(verdict: VerdictNews): void;
  onDecision(decision: DecisionNews): void;
  onPolicy(snapshot: { readonly sealed: string; readonly sealKey: string; readonly grantKey: string }): void;
  /** The gate cannot be reached now. */
  onAway(): void;
}

export interface GateClientOptions {
  readonly socketPath: string;
  readonly identity: { readonly tapId: string; readonly epoch: number; readonly server: string; readonly agent: Agent; readonly publicKey: string; readonly version: string };
  readonly sign: (text: string) => string;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly listener: GateListener;
  /** Makes whatever was stored readable. */
  readonly beforeDrain: () => void;
  /** How long observations nobody waits for may gather before they are sent; 0 = not at all. */
  readonly drainPauseMs: number;
  /** In 0..1; spreads the reconnects of many taps. */
  readonly random: () => number;
  readonly log: (line: string) => void;
}

export class GateClient {
  readonly #options: GateClientOptions;
  #socket: Socket | undefined;
  #framer = new LineFramer({ lineBytesMax: frameBytesMax });
  #isWelcome = false;
  #isAway = false;
  #isClosed = false;
  #pauseMs = pauseMsMin;
  #cancelRetry: (() => void) | undefined;
  readonly #outbox: Outbox;
  #acked: Position | undefined;
  #unacked: Pick<Batch, 'last' | 'recordCount' | 'bytes'>[] = [];
  #unackedRecords = 0;
  #unackedBytes = 0;
  #isPreparing = false;
  #isDrainPlanned = false;
  #cancelDrain: (() => void) | undefined;
  #isEmpty = false;
  readonly #whenEmpty = new Set<() => void>();
  #lastReason = '';

  constructor(options: GateClientOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.spool);
  }

  start(): void {
    this.#connect();
  }

  /** A call waits for what is in the spool now: it is sent at once, and a lost connection is tried at once. */
  hurry(): void {
    if (this.#isWelcome) return this.#drainSoon();
    if (this.#socket !== undefined || this.#isClosed) return;
    this.#isAway = false;
    this.#connect();
  }

  /** Something was appended to the spool. What comes within `drainPauseMs` is sent together; it is made ready as soon as its message went on. */
  appended(entry: SpoolAppend): void {
    this.#isEmpty = false;
    if (this.#outbox.appended(entry) && !this.#isPreparing) {
      this.#isPreparing = true;
      setImmediate(() => {
        this.#isPreparing = false;
        this.#outbox.prepare();
      });
    }
    if (this.#cancelDrain !== undefined || !this.#isWelcome) return;
    const { clock, drainPauseMs } = this.#options;
    if (drainPauseMs === 0) return this.#drainSoon();
    this.#cancelDrain = clock.after(drainPauseMs, () => this.#drain());
  }

  /** After what this turn of the event loop still does: the message itself goes first. */
  #drainSoon(): void {
    if (this.#isDrainPlanned) return;
    this.#isDrainPlanned = true;
    queueMicrotask(() => {
      this.#isDrainPlanned = false;
      this.#drain();
    });
  }

  /** Resolves when the gate has everything, or after `ms`; at once when it cannot be reached. */
  async flush(ms: number): Promise<void> {
    if (!this.#isWelcome || ms <= 0) return;
    this.#drain();
    if (this.#isEmpty) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, done);
      const whenEmpty = this.#whenEmpty;
      function done(): void {
        cancel();
        whenEmpty.delete(done);
        resolve();
      }
      whenEmpty.add(done);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelDrain?.();
    this.#cancelRetry?.();
    this.#socket?.destroy();
  }

  #connect(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    const socket = connect(this.#options.socketPath);
    this.#socket = socket;
    this.#framer = new LineFramer({ lineBytesMax: frameBytesMax });
    socket.on('data', (chunk: Buffer) => this.#read(chunk, socket));
    socket.on('drain', () => this.#drain());
    // The reason of a lost connection is told by `close`, which always follows.
    socket.on('error', (error) => {
      this.#lastReason = error.message;
    });
    socket.on('close', () => this.#lost(socket));
  }

  #lost(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#isWelcome = false;
    this.#outbox.rewind(this.#acked);
    this.#unacked = [];
    this.#unackedRecords = 0;
    this.#unackedBytes = 0;
    for (const done of this.#whenEmpty) done();
    if (this.#isClosed) return;
    const wasAway = this.#isAway;
    this.#isAway = true;
    const pauseMs = this.#pauseMs * (0.5 + this.#options.random());
    this.#pauseMs = Math.min(pauseMsMax, this.#pauseMs * 2);
    this.#cancelRetry = this.#options.clock.after(pauseMs, () => this.#connect());
    if (!wasAway) this.#options.listener.onAway();
  }

  #read(chunk: Buffer, socket: Socket): void {
    for (const framed of this.#framer.push(chunk)) {
      if (socket.destroyed) return;
      const frame = framed.kind === 'line' ? readGateFrame(framed.bytes) : undefined;
      if (frame === undefined) {
        this.#options.log('the gate sent something this tap does not understand; it connects again. Nothing was lost.');
        socket.destroy();
        return;
      }
      this.#take(frame, socket);
    }
  }

  #take(frame: GateNews, socket: Socket): void {
    const { listener } = this.#options;
    switch (frame.type) {
      case 'challenge':
        return this.#hello(frame.nonce, socket);
      case 'welcome':
        this.#isWelcome = true;
        this.#isAway = false;
        this.#pauseMs = pauseMsMin;
        listener.onWelcome(frame.domain);
        return this.#drain();
      case 'refused':
        this.#refused(frame.reason);
        return void socket.destroy();
      case 'acked':
        return this.#ack(frame);
      case 'verdict':
        return listener.onVerdict(frame.verdict);
      case 'decision':
        return listener.onDecision(frame.decision);
      case 'policy':
        return listener.onPolicy(frame);
      case 'other':
        return;
    }
  }

  #refused(reason: string): void {
    this.#pauseMs = pauseMsMax;
    if (this.#lastReason === reason) return;
    this.#lastReason = reason;
    this.#options.log(`the gate turned this tap away: ${reason}`);
  }

  #hello(nonce: string, socket: Socket): void {
    const { identity, sign } = this.#options;
    const signature = sign(`countersign-tap-hello\n${nonce}\n${identity.tapId}\n${identity.epoch}`);
    socket.write(`${JSON.stringify({ type: 'hello', ...identity, signature })}\n`);
  }

  #ack({ epoch, seq }: Position): void {
    this.#acked = { epoch, seq };
    this.#options.spool.trim(epoch, seq);
    for (let batch = this.#unacked[0]; batch !== undefined && !isAfter(batch.last, { epoch, seq }); batch = this.#unacked[0]) {
      this.#unacked.shift();
      this.#unackedRecords -= batch.recordCount;
      this.#unackedBytes -= batch.bytes;
    }
    this.#drain();
  }

  #drain(): void {
    this.#cancelDrain?.();
    this.#cancelDrain = undefined;
    this.#options.beforeDrain();
    const socket = this.#socket;
    while (socket !== undefined && this.#mayDrain(socket)) {
      const batch = this.#outbox.next();
      if (batch === undefined) return this.#drained();
      this.#send(batch, socket);
    }
  }

  #mayDrain(socket: Socket): boolean {
    return this.#isWelcome && !socket.writableNeedDrain && this.#unackedRecords < unackedRecordsMax && this.#unackedBytes < unackedBytesMax;
  }

  #drained(): void {
    this.#isEmpty = this.#unacked.length === 0;
    if (this.#isEmpty) for (const done of this.#whenEmpty) done();
  }

  #send({ last, literals, recordCount, bytes }: Batch, socket: Socket): void {
    socket.write(`{"type":"observations","epoch":${last.epoch},"records":[${literals}]}\n`);
    this.#unacked.push({ last, recordCount, bytes });
    this.#unackedRecords += recordCount;
    this.#unackedBytes += bytes;
  }
}

function isAfter(a: Position, b: Position): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}
