/**
 * One tap's connection, from challenge to end.
 * TC1. The gate speaks first; until a hello was accepted nothing is taken, and at most 64 KiB are listened to.
 * TC2. Frames are taken one after another: the next is read when the last one is in the ledger. A slow ledger slows its taps.
 * TC3. `acked` is sent after the ledger has the records, and never otherwise.
 * TC4. A tap that does not read is disconnected before it fills this process's memory.
 * TC5. What one turn of the event loop has for a tap is one write, in the order it was sent: a verdict and the acknowledgement beside it
 *      wake the tap once.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { gateFrameBytesMax, tapFrameSchema, type GateFrame, type TapFrame } from '@countersign/contracts';
import type { Clock, Telemetry } from '@countersign/pipeline';
import type { ObservationsFrame } from './admission.js';
import type { Enrolments } from './enrolments.js';
import { createFrameLines, FrameTooLong } from './frame-lines.js';
import { createFrameRate } from './frame-rate.js';
import { refusalOf, type Hello, type Refusal } from './hello.js';

const strangerBytesMax = 64 * 1024;
const frameRecordsMax = 10_000;
const helloMsMax = 5_000;
const partingMsMax = 1_000;
const framesPerSecondMax = 5_000;
const unreadBytesMax = 16 * 1024 * 1024;

/** What a connection needs of its gate. */
export interface GateSide {
  readonly gateId: string;
  readonly enrolments: Enrolments;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The tap is who it says it is: welcome it. */
  accepted(connection: TapConnection, hello: Hello): void;
  /** Resolves with the seq to acknowledge once the frame's records are in the ledger; undefined when there is none. */
  take(frame: ObservationsFrame, connection: TapConnection): Promise<number | undefined>;
}

export class TapConnection {
  readonly #socket: Socket;
  readonly #gate: GateSide;
  readonly #nonce = randomBytes(32).toString('base64url');
  readonly #cancelHelloLimit: () => void;
  #hello: Hello | undefined;
  #outgoing = '';
  /** Per epoch, the last seq taken on this connection; a tap drains at most its former epoch before its own. */
  readonly #taken = new Map<number, number>();

  constructor(socket: Socket, gate: GateSide) {
    this.#socket = socket;
    this.#gate = gate;
    this.#cancelHelloLimit = gate.clock.after(helloMsMax, () => this.refuse({ code: 'hello-late', sentence: 'no hello came within five seconds. Nothing was taken; connect again.' }));
  }

  get hello(): Hello | undefined {
    return this.#hello;
  }

  lastSeqOf(epoch: number): number | undefined {
    return this.#taken.get(epoch);
  }

  /** Serves the connection; resolves when it is over, whatever ended it. */
  async serve(): Promise<void> {
    this.send({ type: 'challenge', nonce: this.#nonce, gateId: this.#gate.gateId });
    const rate = createFrameRate(this.#gate.clock, framesPerSecondMax);
    try {
      for await (const line of this.#lines()) {
        if (await rate.next()) this.#tell('TapSlowed', 'debug', 'A tap sent more frames than it may; its further ones wait for the next second.');
        await this.#take(line);
      }
    } catch (error) {
      this.#endBy(error);
    } finally {
      this.#cancelHelloLimit();
      if (this.#socket.writableEnded) this.#socket.resume();
      else this.#socket.destroy();
    }
  }

  /** The peer's lines until it is gone or was turned away. */
  async *#lines(): AsyncGenerator<string> {
    const lines = createFrameLines(() => (this.#hello === undefined ? strangerBytesMax : gateFrameBytesMax));
    // Not destroyed with the loop: a refusal may still be on its way out.
    for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
      for (const line of lines.push(chunk as Buffer)) {
        if (this.#socket.writableEnded) return;
        yield line;
      }
    }
  }

  send(frame: GateFrame): void {
    this.sendLine(JSON.stringify(frame));
  }

  /** @param line a frame, without its newline. */
  sendLine(line: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    if (this.#outgoing === '') process.nextTick(() => this.#flush());
    this.#outgoing += `${line}\n`;
    if (this.#socket.writableLength + this.#outgoing.length > unreadBytesMax) {
      this.#tell('TapDoesNotRead', 'warn', 'A tap left more than 16 MiB unread and was disconnected; its spool has what it sent, and it may connect again.');
      this.#socket.destroy();
    }
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text !== '' && !this.#socket.destroyed && !this.#socket.writableEnded) this.#socket.write(text);
  }

  /** Says why, and ends the connection. What was not acknowledged is still the tap's. */
  refuse({ code, sentence }: Refusal): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#cancelHelloLimit();
    const level = code === 'other-key' ? 'error' : code === 'replaced' ? 'info' : 'warn';
    this.#gate.telemetry({ event: 'EnrolmentRefused', level, message: `A tap was turned away: ${sentence}`, fields: { reason: code } });
    this.send({ type: 'refused', reason: sentence });
    this.#flush();
    this.#socket.end();
    // A peer that keeps its side open would keep ours too.
    const cancel = this.#gate.clock.after(partingMsMax, () => this.#socket.destroy());
    this.#socket.once('close', cancel);
  }

  async #take(line: string): Promise<void> {
    const frame = frameOf(line);
    if (frame === undefined) return this.refuse({ code: 'frame', sentence: 'a line was not a frame this gate knows. Nothing of it was taken; the connection ends here.' });
    if (frame.type === 'hello') return this.#greet(frame);
    if (this.#hello === undefined) return this.refuse({ code: 'hello-expected', sentence: 'the first frame must be a signed hello. Nothing was taken.' });
    if (frame.records.length > frameRecordsMax) return this.refuse({ code: 'frame', sentence: `a frame holds at most ${frameRecordsMax} records. Nothing of it was taken; send smaller frames.` });
    const startedMs = this.#gate.clock.monotonicMs();
    const seq = await this.#gate.take(frame, this);
    if (seq === undefined) return;
    this.#taken.delete(frame.epoch);
    this.#taken.set(frame.epoch, seq);
    for (const epoch of this.#taken.keys()) if (this.#taken.size > 8) this.#taken.delete(epoch);
    this.send({ type: 'acked', epoch: frame.epoch, seq });
    const seconds = (this.#gate.clock.monotonicMs() - startedMs) / 1_000;
    this.#gate.telemetry({ event: 'ObservationsAcked', level: 'debug', message: 'Observations are in the ledger and acknowledged.', fields: { records: frame.records.length, seconds } });
  }

  #greet(hello: Hello): void {
    if (this.#hello !== undefined) return this.refuse({ code: 'hello-twice', sentence: 'this connection already said hello. Connect again to speak for another tap or epoch.' });
    const refusal = refusalOf(hello, { nonce: this.#nonce, enrolments: this.#gate.enrolments, nowMs: this.#gate.clock.wallMs() });
    if (refusal !== undefined) return this.refuse(refusal);
    this.#cancelHelloLimit();
    this.#hello = hello;
    this.#gate.accepted(this, hello);
  }

  #endBy(error: unknown): void {
    if (error instanceof FrameTooLong) return this.refuse({ code: 'frame-too-long', sentence: error.message });
    // The peer went away in the middle of something: ordinary, and its spool has what was not acknowledged.
    if (isBrokenConnection(error)) return;
    const why = error instanceof Error ? error.message : String(error);
    this.#tell('TapConnectionError', 'error', `A tap's connection was ended because its records could not be taken: ${why} Nothing was acknowledged that is not in the ledger; the tap keeps the rest.`);
  }

  #tell(event: string, level: 'error' | 'warn' | 'debug', message: string): void {
    this.#gate.telemetry({ event, level, message });
  }
}

function frameOf(line: string): TapFrame | undefined {
  try {
    const parsed = tapFrameSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function isBrokenConnection(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR' || (error instanceof Error && error.name === 'Stopped');
}
