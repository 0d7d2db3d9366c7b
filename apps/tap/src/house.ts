/** What every conversation of one tap process shares. */
import type { Agent } from '@countersign/contracts';
import type { Clock } from '@countersign/pipeline';
import type { CompiledPolicy } from '@countersign/policy/runtime';
import type { Spool } from '@countersign/wire';
import type { AllowedSessions } from './allowed-sessions.js';
import type { CallTiers } from './call-tiers.js';
import type { CallerEnvironment } from './caller-environment.js';
import type { HeldCalls } from './held-calls.js';
import type { HeldTasks } from './held-tasks.js';
import type { OwnAsks } from './own-asks.js';
import type { Recorder } from './recorder.js';
import type { Tickets } from './tickets.js';
import type { ToolBook } from './tool-book.js';

/** The gate, as far as a call is concerned. */
export interface GateReach {
  /** A call waits: what is recorded goes to the gate now. */
  hurry(): void;
}

export interface House {
  readonly tapId: string;
  readonly agent: Agent;
  readonly server: string;
  readonly clock: Clock;
  readonly spool: Spool;
  readonly recorder: Recorder;
  readonly held: HeldCalls;
  readonly tickets: Tickets;
  readonly tools: ToolBook;
  readonly tiers: CallTiers;
  /** Sessions of which a call was allowed; until then each call waits at least as `sessions.firstCallTier` says. */
  readonly allowedSessions: AllowedSessions;
  readonly ownAsks: OwnAsks;
  readonly tasks: HeldTasks;
  /** Where people decide, when an installation left word of it. */
  readonly approvalsPage: () => string | undefined;
  readonly environment: CallerEnvironment;
  readonly gate: GateReach;
  readonly policy: () => CompiledPolicy;
  readonly domain: () => string;
  /** 128 random bits, hex. */
  readonly makeCallId: () => string;
  /** Does it when the message that is under way now has gone on. */
  readonly later: (work: () => void) => void;
  readonly log: (line: string) => void;
}
