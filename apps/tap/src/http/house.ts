/** What the parts of one exchange hand to each other. */
import type { IncomingMessage } from 'node:http';
import type { TapCore } from '../passage.js';
import type { ByteBudget, ByteLoan } from './byte-budget.js';
import type { ClientSide } from './client-side.js';
import type { HttpLimits } from './limits.js';
import type { ClientIdentities, RequestFacts } from './request-facts.js';
import type { SessionLease, SessionTable } from './sessions.js';
import type { Upstream } from './upstream.js';

/** What all exchanges of one tap share. */
export interface House {
  readonly core: TapCore;
  readonly upstream: Upstream;
  readonly sessions: SessionTable;
  readonly limits: HttpLimits;
  readonly budget: ByteBudget;
  readonly listenHost: string;
  readonly identities: ClientIdentities;
  /** Are clients shown the tap's address as the protected resource? */
  readonly isOauthRewritten: boolean;
  /** The server asked a client to sign in. */
  readonly signInAsked: () => void;
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
}

export interface Exchange {
  readonly house: House;
  readonly client: ClientSide;
  readonly loan: ByteLoan;
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
  readonly facts: RequestFacts;
  readonly lease: SessionLease;
  readonly isBatch: boolean;
  /** The request's body is, or may be, JSON-RPC: its answer is judged too. */
  readonly isOffered: boolean;
}

/** An exchange whose request is being read. */
export interface Reading {
  readonly house: House;
  readonly request: IncomingMessage;
  readonly client: ClientSide;
  readonly loan: ByteLoan;
}
