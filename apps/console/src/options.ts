/**
 * What the console is given. It owns its listener and nothing else: every record it shows and every decision it makes passes a port.
 * CO1. No port here can be reached with a tap's credential, and no signing key is here.
 */
import type { ApprovalDesk } from '@countersign/approval';
import type { HistoryStore } from '@countersign/history';
import type { Clock, EventLog, Telemetry } from '@countersign/pipeline';
import type { CompiledPolicy } from '@countersign/policy';
import type { Door } from './doors/request-checks.js';
import type { SignInLimits } from './doors/sign-ins.js';

/** The part of `approval`'s desk that people's pages need. */
export type Desk = Pick<ApprovalDesk, 'list' | 'get' | 'vote' | 'record'>;

export interface ConsoleOptions {
  /** Default `127.0.0.1`, and a free port. */
  readonly listen?: { readonly host?: string; readonly port?: number };
  /** `https` when a terminating proxy stands before the console; its names go to `hosts` (`name:port` as the browser sends it). */
  readonly scheme?: Door['scheme'];
  readonly hosts?: readonly string[];
  /** Whose records are shown and decided on. */
  readonly domain: string;
  readonly history: HistoryStore;
  readonly desk: Desk;
  readonly eventLog: EventLog;
  /** The policy in force; asked each time, because it may be reloaded. */
  readonly policy: () => CompiledPolicy;
  readonly policyText: () => string;
  /** Taps connected to the gate at this moment. */
  readonly tapsConnected: () => number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Who signs in by a link that names nobody; default `operator`. */
  readonly person?: string;
  readonly limits?: SignInLimits;
}

/** The options' token in Nest. */
export const CONSOLE_OPTIONS = Symbol('ConsoleOptions');
