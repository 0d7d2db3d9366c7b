/**
 * What the API says and the page reads. Times are milliseconds since 1970 (UTC) unless a name says otherwise.
 * Text from traffic travels as plain strings; whoever shows it passes it through `visibleText`.
 */
import type { Card } from '@countersign/approval';
import type { Impact, Reason, Severity, Tier, VerdictKind } from '@countersign/contracts';

export interface ApprovalSummary {
  readonly id: string;
  /** Escaped by `approval`'s card, as are the names beside it. */
  readonly sentence: string;
  /** The value the effect goes to (recipient, address, path), if one stands out. */
  readonly target?: string;
  readonly agent: { readonly name: string; readonly role: string };
  readonly server: string;
  readonly tool: string;
  readonly tier: Tier;
  readonly impact: Impact;
  readonly openedAtMs: number;
  readonly deadlineAtMs: number;
  readonly state: 'open' | 'approved' | 'denied' | 'expired';
  readonly cause?: string;
  readonly outcome: Outcome;
  readonly closedAtMs?: number;
}

/** One word for where a call stands, and the sentence a person reads. */
export interface Outcome {
  readonly word: 'waiting' | 'approved' | 'sent' | 'not-executed' | 'denied' | 'expired' | 'withdrawn';
  readonly sentence: string;
}

export interface ApprovalCard extends ApprovalSummary {
  /** Exactly the fields `displayDigest` is over. Their text is escaped already: what a reader cannot see stands as `⟦U+XXXX⟧`. */
  readonly card: Card;
  readonly sessionKey: string;
  /** For each of the card's reasons what would have let the call pass without asking, or ''. Not part of the digest. */
  readonly wouldPass: readonly string[];
  /** The arguments' JSON text as parsed from the held bytes, unescaped. */
  readonly argumentsJson: string;
  readonly votes: readonly { readonly person: string; readonly outcome: 'approved' | 'denied'; readonly message?: string; readonly atMs: number }[];
  readonly actionDigest: string;
  readonly displayDigest: string;
}

export interface ApprovalsPage {
  readonly nowMs: number;
  readonly pending: readonly ApprovalSummary[];
  readonly closed: readonly ApprovalSummary[];
}

export interface SessionRow {
  readonly key: string;
  readonly name: string;
  /** What the user asked, where the client said so. */
  readonly task?: string;
  readonly agent: { readonly name: string; readonly role: string };
  readonly servers: readonly string[];
  readonly startedAtMs: number;
  readonly lastAtMs: number;
  readonly calls: number;
  readonly stops: number;
  readonly stepUps: number;
  /** The gravest finding; `none` when nothing was found. */
  readonly worst: Severity;
}

export interface FindingRow {
  readonly detector: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly gate?: 'deny' | 'hold';
  readonly sentence: string;
  readonly wouldPass?: string;
  readonly pValue?: number;
  readonly sampleSize?: number;
  readonly score?: number;
  readonly phase: 'request' | 'result';
  readonly evidence: readonly { readonly path?: string; readonly text?: string; readonly note?: string }[];
}

export interface VerdictRow {
  readonly phase: 'request' | 'result';
  readonly kind: VerdictKind;
  readonly mode: 'observe' | 'enforce';
  readonly reasons: readonly Reason[];
  readonly missing: readonly string[];
  readonly waitedMs?: number;
  readonly policyVersion: string;
  readonly quarantineId?: string;
}

export interface CallRow {
  readonly callId: string;
  readonly atMs: number;
  readonly server: string;
  readonly tool: string;
  readonly tier: Tier;
  readonly tierRule: string;
  readonly impact: Impact;
  readonly waits: boolean;
  /** JSON text of what was asked and of what came back, where history has them. */
  readonly argumentsJson?: string;
  readonly resultJson?: string;
  readonly task?: string;
  /** How people decided it, where they were asked. */
  readonly decided?: { readonly outcome: string; readonly person: string; readonly message?: string };
  readonly verdicts: readonly VerdictRow[];
  readonly findings: readonly FindingRow[];
  /** How the hold ended and after how long, where the tap held the call. */
  readonly held?: { readonly end: string; readonly heldMs: number };
  readonly answeredAfterMs?: number;
  readonly isError?: boolean;
}

export interface SessionPage {
  readonly session: SessionRow;
  /** In the order they were made; at most the first 500. */
  readonly calls: readonly CallRow[];
}

export interface AgentRow {
  readonly name: string;
  readonly role: string;
  readonly sessions: number;
  readonly calls: number;
  readonly stops: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly attestation: {
    readonly state: 'attested' | 'absent' | 'changed' | 'invalid' | 'conflict' | 'unknown';
    readonly sentence: string;
    /** The state a person may register, when the agent shows one that nobody registered. */
    readonly registrable?: string;
    readonly atMs?: number;
  };
}

export interface ToolRow {
  readonly server: string;
  readonly tool: string;
  readonly calls: number;
  readonly stops: number;
  /** Newest first, at most four; two or more mean the definition changed. */
  readonly definitions: readonly ToolDefinitionRow[];
  /** A change the injection detector holds calls for, until a person approves the new pin. */
  readonly pendingChange?: { readonly digest: string; readonly sentence: string; readonly atMs: number };
}

export interface ToolDefinitionRow {
  readonly text: string;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
}

export interface QuarantineRow {
  readonly id: string;
  readonly atMs: number;
  readonly agent: { readonly name: string; readonly role: string };
  readonly session: { readonly key: string; readonly name: string };
  readonly server: string;
  readonly tool: string;
  readonly reasons: readonly Reason[];
  readonly evidence: readonly { readonly path?: string; readonly text?: string; readonly note?: string }[];
  readonly released?: { readonly by: string; readonly atMs: number; readonly message?: string };
}

export interface PolicyPage {
  readonly version: string;
  readonly mode: 'observe' | 'enforce';
  readonly text: string;
}

export interface StatusLine {
  readonly nowMs: number;
  readonly person: string;
  readonly mode: 'observe' | 'enforce';
  readonly policyVersion: string;
  readonly taps: number;
  readonly pending: number;
  readonly stopsToday: number;
}

/** Names of live events; each says "read that page again". */
export const liveEvents = ['approvals', 'history', 'status', 'signed-out'] as const;
export type LiveEvent = (typeof liveEvents)[number];

export interface VoteRequest {
  readonly outcome: 'approved' | 'denied';
  readonly message?: string;
  readonly displayDigest: string;
}

/** Both halves a browser needs: the cookie comes beside it, the key must be kept by the page and sent with every request. */
export interface SignedIn {
  readonly person: string;
  readonly key: string;
}

export const requestHeader = 'x-countersign';
export const keyHeader = 'x-countersign-key';
