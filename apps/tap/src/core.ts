/**
 * The transport-independent tap: one epoch of one process.
 * CR1. `epoch-opened` is the first observation of an epoch and `epoch-closed` the last; a killed predecessor is accounted for behind the first.
 * CR2. News from the gate reaches the one hold, or the one ticket, it is for; everything else it says is ignored.
 * CR3. Closing ends every hold first: nothing held is ever sent by an ending process.
 */
import type { Agent } from '@countersign/contracts';
import type { Clock } from '@countersign/pipeline';
import type { Spool } from '@countersign/wire';
import { AllowedSessions } from './allowed-sessions.js';
import { CallTiers } from './call-tiers.js';
import { CallerEnvironment } from './caller-environment.js';
import type { DecisionNews } from './gate-frames.js';
import { GateClient, type GateListener } from './gate-client.js';
import { checkGrant, type GoodGrant } from './grant-check.js';
import { HeldCalls } from './held-calls.js';
import { HeldTasks } from './held-tasks.js';
import type { HandedTask } from './handed-task.js';
import type { House } from './house.js';
import { OwnAsks } from './own-asks.js';
import type { StreamInfo, TapCore, TapStream } from './passage.js';
import { PolicyKeeper } from './policy-keeper.js';
import { Recorder, type Recordable } from './recorder.js';
import { StreamState } from './stream-state.js';
import { Stream } from './stream.js';
import { Tickets, type Ticket } from './tickets.js';
import { ToolBook } from './tool-book.js';

export interface CoreOptions {
  readonly tapId: string;
  readonly epoch: number;
  readonly former: { readonly epoch: number; readonly lastSeq: number | undefined } | undefined;
  readonly spool: Spool;
  readonly publicKey: string;
  readonly sign: (text: string) => string;
  readonly policyFile: string;
  readonly socketPath: string;
  readonly server: string;
  readonly agent: Agent;
  readonly transport: 'stdio' | 'http';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a prompt hook of this agent handed over. */
  readonly handedTask?: HandedTask;
  /** Where people decide, looked up when somebody is to be told. */
  readonly approvalsPage?: () => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Does work no message waits for; at once by default, which a test wants. */
  readonly later?: (work: () => void) => void;
  /** How long observations nobody waits for may gather before they are sent; milliseconds, 5 by default. */
  readonly drainPauseMs?: number;
  readonly makeCallId: () => string;
  readonly version: string;
  /** Said in `epoch-opened`. Ids of processes, so that two taps of one client start can be told to belong together (T17). */
  readonly process: ProcessFacts;
  readonly log: (line: string) => void;
}

/** Opens the epoch and starts to look for the gate. */
/** Who started this tap, for the record; none of it decides anything, for a process says these things of itself. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  /** Of the user the tap runs as, where the system has such numbers. */
  readonly uid?: number;
  /** Where the system tells. */
  readonly parentName?: string;
  /** The client's file whose entry starts this tap. */
  readonly configOrigin?: string;
}

export function createTapCore(options: CoreOptions): TapCore {
  return new Core(options);
}

class Core implements TapCore {
  readonly agent: Agent;
  readonly #options: CoreOptions;
  readonly #house: House;
  readonly #policy: PolicyKeeper;
  readonly #gate: GateClient;
  readonly #streams = new Set<Stream>();
  #domain = 'local';
  #isClosed = false;

  constructor(options: CoreOptions) {
    const { agent, clock, epoch, log, makeCallId, server, spool, tapId } = options;
    this.#options = options;
    this.agent = agent;
    this.#policy = PolicyKeeper.open(options.policyFile, log);
    this.#gate = this.#gateClient();
    const domain = () => this.#domain;
    const later = options.later ?? ((work: () => void) => work());
    this.#house = {
      later, tapId, agent, server, clock, spool, log, makeCallId, domain,
      recorder: new Recorder({ spool, clock, tapId, epoch, agent, server, domain, log, onRecorded: (entry) => this.#gate.appended(entry) }),
      held: new HeldCalls(clock),
      tickets: new Tickets(),
      tools: new ToolBook(),
      tiers: new CallTiers(),
      allowedSessions: new AllowedSessions(),
      ownAsks: new OwnAsks(),
      tasks: new HeldTasks(),
      approvalsPage: options.approvalsPage ?? (() => undefined),
      environment: new CallerEnvironment(options.env, options.handedTask, log),
      gate: this.#gate,
      policy: () => this.#policy.current(),
    };
    this.#record('epoch-opened', { version: options.version, ...options.process });
    if (options.former !== undefined) this.#record('epoch-recovered', { epoch: options.former.epoch, ...(options.former.lastSeq === undefined ? {} : { lastSeq: options.former.lastSeq }) });
    this.#gate.start();
  }

  openStream(info: StreamInfo): TapStream {
    const stream = new Stream(new StreamState(this.#house, info), (ended) => this.#streams.delete(ended));
    this.#streams.add(stream);
    return stream;
  }

  async close(drainMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stream of [...this.#streams]) stream.end('tap-closed');
    for (const ticket of this.#house.tickets.takeAll()) this.#recordTicketEnd(ticket, 'expired');
    const { failedCount } = this.#house.recorder;
    this.#record('epoch-closed', failedCount === 0 ? {} : { unrecorded: failedCount });
    await this.#gate.flush(drainMs);
    this.#gate.close();
  }

  #gateClient(): GateClient {
    const { agent, clock, drainPauseMs = 5, epoch, log, publicKey, random, server, sign, socketPath, spool, tapId, version } = this.#options;
    const listener: GateListener = {
      onWelcome: (domain) => {
        this.#domain = domain;
      },
      onVerdict: (verdict) => {
        // Also of a call nobody held: what comes next in its session waits again, until one is allowed.
        if (verdict.kind === 'deny' && verdict.phase === 'request' && verdict.session !== undefined) this.#house.allowedSessions.remove(verdict.session);
        this.#house.held.verdict(verdict);
      },
      onDecision: (decision) => this.#onDecision(decision),
      onPolicy: (snapshot) => {
        this.#settle();
        const problem = this.#policy.take(snapshot);
        if (problem !== undefined) log(`the policy the gate sent was refused: ${problem}. The one before it stays in force.`);
      },
      onAway: () => this.#house.held.gateAway(),
    };
    return new GateClient({ beforeDrain: () => this.#settle(), socketPath, sign, spool, clock, random, log, listener, drainPauseMs, identity: { tapId, epoch, server, agent, publicKey, version } });
  }

  /** What is stored is read, and its record complete. */
  #settle(): void {
    for (const stream of this.#streams) stream.settle();
    this.#house.recorder.complete();
  }

  #onDecision(decision: DecisionNews): void {
    const { held, tickets } = this.#house;
    const requests = held.requestsOf(decision.callId);
    const ticket = tickets.ofCall(decision.callId);
    const actionDigest = requests[0]?.actionDigest ?? ticket?.actionDigest;
    if (actionDigest === undefined) return;
    const grant = decision.outcome === 'approved' ? this.#grantOf(decision, actionDigest) : undefined;
    if (decision.outcome === 'approved' && grant === undefined) return;
    const [first, ...others] = requests;
    if (first !== undefined) held.decision(first.observationId, decision, grant);
    // A grant is for one send; a no is for everybody who waits.
    if (decision.outcome !== 'approved') for (const { observationId } of others) held.decision(observationId, decision, undefined);
    if (first === undefined && ticket !== undefined) this.#answerTicket(ticket, decision, grant);
  }

  #answerTicket(ticket: Ticket, { outcome }: DecisionNews, grant: GoodGrant | undefined): void {
    if (ticket.answer.outcome !== 'asking') return;
    if (outcome === 'approved') {
      if (grant !== undefined) ticket.answer = { outcome, grant };
      return;
    }
    ticket.answer = { outcome };
    this.#recordTicketEnd(ticket, outcome);
  }

  #grantOf(decision: DecisionNews, actionDigest: string): GoodGrant | undefined {
    const { clock, tapId, log } = this.#house;
    const checked = checkGrant(decision, { tapId, callId: decision.callId, actionDigest, grantKey: this.#policy.grantKey, wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() });
    if (typeof checked !== 'string') return checked;
    log(`an approval was not used, its call stays held. The grant is refused: ${checked}.`);
    return undefined;
  }

  #recordTicketEnd({ callId, openedAtMs }: Ticket, end: 'denied' | 'expired'): void {
    this.#record('held-ended', { callId, end, by: 'ticket', heldMs: Math.round(this.#house.clock.monotonicMs() - openedAtMs), phase: 'request' });
  }

  #record(kind: Recordable['kind'], note: Record<string, unknown>): void {
    const { tapId, epoch, transport } = this.#options;
    this.#house.recorder.record({ session: `${tapId}/${epoch}`, stream: `${tapId}/${epoch}`, sessionRule: 'process', transport }, { kind, era: 'legacy', direction: 'client-to-server', note });
  }
}
