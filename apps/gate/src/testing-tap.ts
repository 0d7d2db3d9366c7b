/** A tap as the gate's tests need it: a real socket, real keys, and nothing it does not say itself. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { gateFrameSchema, observationId, type GateFrame, type Observation } from '@countersign/contracts';
import { helloText } from './hello.js';

export interface TapKey {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

export function makeTapKey(): TapKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey: publicKey.export({ format: 'jwk' }).x ?? '' };
}

export interface TapIdentity {
  readonly tapId?: string;
  readonly key?: TapKey;
  readonly epoch?: number;
}

export interface HelloOverrides {
  readonly nonce?: string;
  readonly signature?: string;
  readonly publicKey?: string;
}

export class TestingTap {
  readonly socket: Socket;
  readonly isClosed: Promise<void>;
  readonly #frames: GateFrame[] = [];
  #waiting: (() => void)[] = [];
  #isOver = false;

  readonly tapId: string;
  readonly key: TapKey;
  readonly epoch: number;

  /** @param at a socket's path, or a connection that is open already. */
  constructor(at: string | Socket, { tapId = 'tap-a', key = makeTapKey(), epoch = 1 }: TapIdentity = {}) {
    this.tapId = tapId;
    this.key = key;
    this.epoch = epoch;
    this.socket = typeof at === 'string' ? connect(at) : at;
    this.socket.on('error', () => undefined);
    createInterface({ input: this.socket }).on('line', (line) => {
      this.#frames.push(gateFrameSchema.parse(JSON.parse(line)));
      this.#wake();
    }).on('error', () => undefined);
    this.isClosed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#isOver = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** The next frame of this type, passing over others; rejects when the connection ends first. */
  async next<T extends GateFrame['type']>(type: T): Promise<Extract<GateFrame, { readonly type: T }>> {
    for (;;) {
      const place = this.#frames.findIndex((frame) => frame.type === type);
      if (place >= 0) return this.#frames.splice(0, place + 1).at(-1) as Extract<GateFrame, { readonly type: T }>;
      if (this.#isOver) throw new Error(`the connection ended without a frame of type ${type}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Frames received and not yet asked for. */
  get unread(): readonly GateFrame[] {
    return this.#frames;
  }

  async hello(overrides: HelloOverrides = {}): Promise<void> {
    const { nonce } = await this.next('challenge');
    const { tapId, epoch } = this;
    const signature = overrides.signature ?? sign(null, Buffer.from(helloText({ tapId, epoch }, overrides.nonce ?? nonce)), this.key.privateKey).toString('base64url');
    const publicKey = overrides.publicKey ?? this.key.publicKey;
    this.write({ type: 'hello', tapId, epoch, server: 'files', agent: { name: 'clerk', role: 'office' }, publicKey, signature, version: '0.1.0' });
  }

  async enter(): Promise<Extract<GateFrame, { readonly type: 'policy' }>> {
    await this.hello();
    await this.next('welcome');
    return this.next('policy');
  }

  write(frame: object): void {
    this.socket.write(`${JSON.stringify(frame)}\n`);
  }

  report(...records: readonly (Observation | string)[]): void {
    this.write({ type: 'observations', epoch: this.epoch, records: records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))) });
  }

  observation(seq: number, changes: Partial<Observation> = {}): Observation {
    const { tapId, epoch } = this;
    return {
      v: 1, id: observationId({ tapId, epoch, seq }), kind: 'message', domain: 'somewhere-else', tapId, epoch, seq, at: '2026-05-01T10:00:00.000Z', monotonicUs: seq,
      agent: { name: 'clerk', role: 'office' }, server: 'files', session: 's-1', sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: 'client-to-server',
      ...changes,
    };
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
