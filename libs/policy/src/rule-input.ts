import type { Ask, DetectorName, Finding, FusedScore, Impact, ObservedMessage, Reason, Redaction, Tier, VerdictKind } from '@countersign/contracts';

/** The call as its tap described it, and what the message itself shows. */
export interface JudgedCall {
  readonly tier: Tier;
  readonly tierRule: string;
  readonly impact: Impact;
  readonly flags: ObservedMessage['flags'];
  readonly taskGiven: boolean;
}

/** What earlier records say. */
export interface JudgedHistory {
  /** Sessions of this agent before this one without a deny or step-up. */
  readonly benignSessions: number;
  /** Approvals of this agent that nobody has decided yet. */
  readonly pendingAsks: number;
  /** Why this session is contained, if it is. */
  readonly contained?: Reason | undefined;
  /** An operator released exactly this content. */
  readonly released?: boolean | undefined;
}

export interface RuleInput {
  readonly call: JudgedCall;
  readonly phase: 'request' | 'result';
  readonly findings: readonly Finding[];
  /** Required detectors that had not answered when time was up. */
  readonly missing: readonly DetectorName[];
  readonly history: JudgedHistory;
  /** What statistics say of the request as a whole; absent where provenance did not score it. */
  readonly scored?: FusedScore | undefined;
  /** Ids of findings that rest only on sentences which a person endorsed for this agent and tool. */
  readonly endorsed?: ReadonlySet<string> | undefined;
}

export interface RuledKind {
  readonly kind: VerdictKind;
  /** Heaviest first, at most 16. */
  readonly reasons: readonly Reason[];
  readonly ask?: Ask;
  readonly redactions?: readonly Redaction[];
  /** True: the result is withheld and an operator may release it. */
  readonly quarantined?: boolean;
}
