/**
 * Where taps connect, report and wait.
 * GT1. Every gate process sees all verdicts and decisions, and pushes each to the tap it is for, if that tap is connected here.
 * GT2. The newest connection of a tap is its connection; an older one is ended.
 * GT3. The policy goes out sealed, at connect and at each change, in that order for every tap.
 * GT4. While the ledger is away nothing is acknowledged; taps keep their spools and are not told to go.
 * Does not know: what a verdict means, who may approve.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { createPatience, type Clock, type EventLog, type Telemetry } from '@countersign/pipeline';
import { sealPolicy, type Policy } from '@countersign/policy';
import type { Agent, GateFrame } from '@countersign/contracts';
import { admit, type ObservationsFrame } from './admission.js';
import type { Enrolments } from './enrolments.js';
import { followNews } from './news.js';
import { listenPrivately } from './private-socket.js';
import { createRecentNews, type NewsFrame } from './recent-news.js';
import { TapConnection, type GateSide } from './tap-connection.js';
import { tellObserved } from './tell-observed.js';
import { openTlsDoor, type OpenTlsDoor, type TlsDoor } from './tls-door.js';

const component = 'gate@1';
const connectionsMaxDefault = 1_024;

/** Where the policy in force comes from. */
export interface GatePolicy {
  current(): { readonly policy: Policy; readonly version: string };
  /** @returns a function that ends the listening. */
  onChange(listener: () => void): () => void;
}

export interface GateOptions {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** A unix socket's path, or the name of a Windows pipe; see `gateSocketPath` of service. */
  readonly socketPath: string;
  readonly enrolments: Enrolments;
  /** Every observation taken here is of this domain, whatever it says of itself. */
  readonly domain: string;
  readonly policy: GatePolicy;
  /** Seals policies: PKCS#8 PEM, and its public half raw, base64url. */
  readonly sealKeyPem: string;
  readonly sealPublicKey: string;
  /** Raw Ed25519 key, base64url, with which taps check grants. */
  readonly grantPublicKey: string;
  readonly connectionsMax?: number;
  /** Beside the local socket, for taps of other machines. */
  readonly tls?: TlsDoor;
}

export interface TapFacts {
  readonly tapId: string;
  readonly epoch: number;
  readonly server: string;
  readonly agent: Agent;
  readonly version: string;
}

export interface Gate {
  /** Taps connected now. */
  connections(): readonly TapFacts[];
  /** Where taps of other machines connect, if they may. */
  readonly tlsPort: number | undefined;
  /** Ends every connection and the listening; resolves when what was being taken is in the ledger or given back. */
  stop(): Promise<void>;
}

/** @throws `GateTaken` when another gate answers at the path; a sentence when the socket cannot be made or the ledger not be followed. */
export async function startGate(options: GateOptions): Promise<Gate> {
  const running = new RunningGate(options);
  await running.start();
  return running;
}

class RunningGate implements Gate {
  readonly #options: GateOptions;
  readonly #server = createServer((socket) => this.#welcomeSocket(socket));
  readonly #patience;
  readonly #recent = createRecentNews();
  readonly #byTap = new Map<string, TapConnection>();
  readonly #open = new Map<TapConnection, { readonly socket: Socket; readonly over: Promise<void> }>();
  readonly #side: GateSide;
  #policyFrame: GateFrame;
  #tls: OpenTlsDoor | undefined;
  #stops: (() => void | Promise<void>)[] = [];

  constructor(options: GateOptions) {
    this.#options = options;
    this.#patience = createPatience(options.clock);
    this.#policyFrame = this.#sealed();
    this.#side = {
      gateId: randomBytes(8).toString('hex'),
      enrolments: options.enrolments,
      clock: options.clock,
      telemetry: options.telemetry,
      accepted: (connection) => this.#accepted(connection),
      take: (frame, connection) => this.#take(frame, connection),
    };
  }

  async start(): Promise<void> {
    const { eventLog, domain, telemetry, socketPath, policy, clock, tls } = this.#options;
    try {
      // News first: a tap that connects must not miss the verdict it waits for.
      const push = (tapId: string, frame: NewsFrame): void => this.#push(tapId, frame);
      this.#stops.push(await followNews({ eventLog, domain, telemetry, clock, group: `gate-${this.#side.gateId}`, push }));
      await listenPrivately(this.#server, socketPath);
      if (tls !== undefined) this.#tls = await openTlsDoor(tls, (socket) => this.#welcomeSocket(socket));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#stops.push(policy.onChange(() => this.#pushPolicy()));
    telemetry({ event: 'GateOpened', level: 'info', message: 'The gate is open for taps.' });
  }

  get tlsPort(): number | undefined {
    return this.#tls?.port;
  }

  connections(): readonly TapFacts[] {
    return [...this.#byTap.values()].flatMap(({ hello }) => {
      if (hello === undefined) return [];
      const { tapId, epoch, server, agent, version } = hello;
      return [{ tapId, epoch, server, agent, version }];
    });
  }

  async stop(): Promise<void> {
    this.#patience.stop();
    const isClosed = Promise.all([new Promise<void>((resolve) => this.#server.close(() => resolve())), this.#tls?.stop()]);
    for (const stop of this.#stops.splice(0)) await stop();
    for (const { socket } of this.#open.values()) socket.destroy();
    await Promise.all([...this.#open.values()].map(({ over }) => over));
    await isClosed;
  }

  #welcomeSocket(socket: Socket): void {
    // Without a listener a late error of a socket would end the process; `serve` sees the same error through the stream.
    socket.on('error', () => undefined);
    const connection = new TapConnection(socket, this.#side);
    const isClosed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        this.#gone(connection);
        resolve();
      });
    });
    const over = Promise.all([connection.serve(), isClosed]).then(() => void this.#open.delete(connection));
    this.#open.set(connection, { socket, over });
    if (this.#open.size <= (this.#options.connectionsMax ?? connectionsMaxDefault)) return;
    connection.refuse({ code: 'too-many', sentence: 'too many taps are connected here. Nothing was taken; try again later.' });
  }

  #accepted(connection: TapConnection): void {
    const { hello } = connection;
    if (hello === undefined) return;
    const before = this.#byTap.get(hello.tapId);
    this.#byTap.set(hello.tapId, connection);
    before?.refuse({ code: 'replaced', sentence: 'this tap has connected again; its newer connection is served.' });
    connection.send({ type: 'welcome', domain: this.#options.domain });
    connection.send(this.#policyFrame);
    for (const { line } of this.#recent.of(hello.tapId, this.#options.clock.wallMs())) connection.sendLine(line);
    this.#tellCount('TapConnected', `A tap is connected; ${this.#byTap.size} are.`);
  }

  #gone(connection: TapConnection): void {
    const tapId = connection.hello?.tapId;
    if (tapId === undefined || this.#byTap.get(tapId) !== connection) return;
    this.#byTap.delete(tapId);
    this.#tellCount('TapDisconnected', `A tap went away; ${this.#byTap.size} are connected.`);
  }

  async #take(frame: ObservationsFrame, connection: TapConnection): Promise<number | undefined> {
    const { domain, clock, telemetry } = this.#options;
    const tapId = connection.hello?.tapId ?? '';
    const admission = admit(frame, { tapId, domain, component, lastSeq: connection.lastSeqOf(frame.epoch), nowMs: clock.wallMs() });
    await this.#append('observations', admission.observations);
    await this.#append('dead-letters', admission.deadLetters);
    tellObserved(admission.observations, telemetry);
    for (const errorClass of admission.errorClasses) {
      telemetry({ event: 'RecordDeadLettered', level: 'error', message: 'A tap sent a record that cannot be read; its bytes are in dead-letters, the records around it went in.', fields: { stage: 'gate', topic: 'observations', errorClass } });
    }
    return admission.ackSeq;
  }

  async #append(topic: 'observations' | 'dead-letters', records: Parameters<EventLog['append']>[1]): Promise<void> {
    if (records.length === 0) return;
    await this.#patience.until(
      () => this.#options.eventLog.append(topic, records),
      (error, pauseMs) => this.#options.telemetry({ event: 'BatchRetried', level: 'warn', message: `The gate waits ${Math.round(pauseMs)} ms for the ledger: ${error.message}`, fields: { stage: 'gate', topic } }),
    );
  }

  #push(tapId: string, frame: NewsFrame): void {
    if (this.#recent.add(tapId, frame, this.#options.clock.wallMs())) this.#byTap.get(tapId)?.sendLine(frame.line);
  }

  #pushPolicy(): void {
    this.#policyFrame = this.#sealed();
    for (const connection of this.#byTap.values()) connection.send(this.#policyFrame);
  }

  #sealed(): GateFrame {
    const { policy, sealKeyPem, sealPublicKey, grantPublicKey, clock } = this.#options;
    return { type: 'policy', sealed: sealPolicy(policy.current().policy, sealKeyPem, clock.wallMs()), sealKey: sealPublicKey, grantKey: grantPublicKey };
  }

  #tellCount(event: 'TapConnected' | 'TapDisconnected', message: string): void {
    this.#options.telemetry({ event, level: 'info', message, fields: { connected: this.#byTap.size } });
  }
}
