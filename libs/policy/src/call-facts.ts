import type { DetectorName, Impact, Tier } from '@countersign/contracts';

/** A tool as a server lists it (`tools/list`), unchecked. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema?: unknown;
  readonly outputSchema?: unknown;
  readonly annotations?: unknown;
}

/** What is known of a call before any detector looked at it. */
export interface CallFacts {
  /** The server's configured name. */
  readonly server: string;
  readonly tool: string;
  /** Absent: this definition was never seen. */
  readonly definition?: ToolDefinition | undefined;
  /** The call's `arguments`, as parsed. */
  readonly args?: unknown;
  readonly agent: { readonly name: string; readonly role: string };
  /** No call of this session was allowed yet. */
  readonly firstOfSession?: boolean | undefined;
}

/** How long whoever holds a message waits, for what, and what it does when nothing came. */
export interface WaitRule {
  /** False in mode `observe`: nothing is ever held there. */
  readonly waits: boolean;
  readonly deadlineMs: number;
  readonly requires: readonly DetectorName[];
  readonly onUnavailable: 'allow' | 'deny';
}

export interface TierOfCall extends WaitRule {
  readonly tier: Tier;
  /** Name of the rule that decided; rules that could not be evaluated follow after ` · `. */
  readonly rule: string;
  readonly impact: Impact;
  readonly openWorld: boolean;
  /** Refused by a rule, with its sentence; only in mode `enforce`. */
  readonly deny?: string;
}

/** A message of another method than `tools/call`. */
export interface MethodFacts {
  readonly method: string;
  readonly server: string;
  readonly agent: { readonly name: string; readonly role: string };
  /** As parsed. */
  readonly params?: unknown;
  /** Who asks: the client for something of the server's, or the server for something of the client's (sampling, elicitation, roots). */
  readonly asker: 'client' | 'server';
}
