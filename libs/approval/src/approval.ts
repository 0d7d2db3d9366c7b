/**
 * One approval: a stepped-up call waiting for people.
 * Three terminal states; everything else is a cause inside them.
 */
import type { Agent, Impact, Reason, Tier } from '@countersign/contracts';

export const approvalStates = ['open', 'approved', 'denied', 'expired'] as const;
export type ApprovalState = (typeof approvalStates)[number];

export interface Vote {
  readonly person: string;
  readonly outcome: 'approved' | 'denied';
  readonly message?: string;
  readonly atMs: number;
}

/** Where one argument's value came from; for people. */
export interface ArgumentOrigin {
  /** JSON path in the arguments, e.g. `$.to`. */
  readonly argument: string;
  readonly origin: string;
  readonly untrusted: boolean;
}

export interface Approval {
  /** ≥ 128 bits, opaque. Derived from the verdict id, so a repeated verdict opens nothing twice. */
  readonly id: string;
  readonly domain: string;
  readonly callId: string;
  readonly observationId: string;
  readonly tapId: string;
  readonly epoch: number;
  readonly agent: Agent;
  readonly session: string;
  readonly server: string;
  readonly tool: string;
  readonly tier: Tier;
  readonly impact: Impact;
  /** The call's arguments as JSON text, exactly as parsed from the held bytes. */
  readonly argumentsJson: string;
  readonly actionDigest: string;
  readonly displayDigest: string;
  readonly reasons: readonly Reason[];
  readonly origins: readonly ArgumentOrigin[];
  readonly policyVersion: string;
  readonly quorum: number;
  readonly groups: readonly string[];
  readonly openedAtMs: number;
  readonly deadlineAtMs: number;
  readonly state: ApprovalState;
  readonly cause?: string;
  readonly votes: readonly Vote[];
  readonly closedAtMs?: number;
  /** What the tap reported after the decision: `forwarded`, `expired`, …; absent until then. */
  readonly heldEnd?: string;
}
