/**
 * Which conversation an HTTP request belongs to. The modern protocol names none, so one is derived (tap.md, section 4).
 * HS1. What the server named (`Mcp-Session-Id`) comes before what the client named (a task, then a trace) before mere time.
 * HS2. A task, a trace or a silence means something only within one client identity: two clients never share a session by accident.
 * HS3. Names are digests: neither a server's session id, which admits its bearer, nor a credential can be read back from a record.
 * HS4. Nothing here reads a clock.
 */
import { createHash } from 'node:crypto';

/** A conversation under one identity ends after this silence. */
export const sessionIdleGapMs = 30 * 60 * 1000;

export type HttpSessionRule = 'mcp-session-id' | 'task' | 'trace' | 'idle-gap';

export interface SessionFacts {
  readonly mcpSessionId?: string | undefined;
  /** `id` of the member `dev.countersign/task` in `_meta`. */
  readonly taskId?: string | undefined;
  /** The bare `traceparent` of `_meta` (SEP-414). */
  readonly traceparent?: string | undefined;
  /** From `clientIdentity`. */
  readonly identity: string;
}

export interface SessionKey {
  readonly rule: HttpSessionRule;
  /** Equal for requests of one conversation; for `idle-gap` only as long as `continuesSession` says so. */
  readonly key: string;
}

/** Who seems to be calling. `credentialTag` is a keyed hash of the credential, never the credential. */
export function clientIdentity(facts: { readonly userAgent?: string | undefined; readonly credentialTag?: string | undefined; readonly clientName?: string | undefined; readonly clientVersion?: string | undefined }): string {
  return digestOf(['identity', facts.userAgent ?? '', facts.credentialTag ?? '', facts.clientName ?? '', facts.clientVersion ?? '']);
}

/** The strongest rule the request gives grounds for, and the key under it. */
export function sessionKeyOf(facts: SessionFacts): SessionKey {
  if (facts.mcpSessionId !== undefined) return { rule: 'mcp-session-id', key: digestOf(['mcp-session-id', facts.mcpSessionId]) };
  if (facts.taskId !== undefined && facts.taskId !== '') return { rule: 'task', key: digestOf(['task', facts.identity, facts.taskId]) };
  const trace = traceIdOf(facts.traceparent);
  if (trace !== undefined) return { rule: 'trace', key: digestOf(['trace', facts.identity, trace]) };
  return { rule: 'idle-gap', key: digestOf(['idle-gap', facts.identity]) };
}

/** Does a request at `nowMs` continue what was last seen at `lastSeenMs`? A gap of exactly `idleGapMs` still does. */
export function continuesSession(lastSeenMs: number, nowMs: number, idleGapMs: number = sessionIdleGapMs): boolean {
  return nowMs - lastSeenMs <= idleGapMs;
}

/**
 * The name in records. A task's or trace's name is the same after a restart of the tap;
 * the others are told apart by `opening`, anything unique to this opening.
 */
export function sessionName(key: SessionKey, opening: string): string {
  const parts = key.rule === 'task' || key.rule === 'trace' ? [key.key] : [key.key, opening];
  return `http-${digestOf(parts).slice(0, 32)}`;
}

/** The 32 hex digits of a W3C `traceparent`; all zeroes and malformed values are no trace. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const id = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '')?.[1];
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}

function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  // Lengths go in, so that ("a", "bc") and ("ab", "c") differ.
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}
