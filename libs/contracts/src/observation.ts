/**
 * What a tap saw: one record per message (T53) and per turn in the tap's own life.
 * O1. The record never changes after the tap wrote it.
 * O2. `message.digest` is over the bytes as they came; `payload` is the parsed copy, for judging only, and never sent on.
 * O3. A payload over `payloadBytesMax` is absent, and `message.flags` says `over-cap`; nothing is cut silently.
 */
import { z } from 'zod';
import { agentSchema, impactSchema, tierSchema } from './ids.js';

export const payloadBytesMax = 256 * 1024;

export const observationKinds = [
  'message', // a message passed
  'epoch-opened', // a tap started
  'epoch-closed', // a tap ended in order
  'epoch-recovered', // a tap that was killed is accounted for, by its successor
  'held-ended', // a held call left the hold: note = { callId, end: forwarded | denied | expired | cancelled-while-held, heldMs, by }
  'grant-consumed', // an approval was used, before the call was forwarded
  'fail-open', // a call went on without its verdict because its rule says so
  'call-lost', // a request that will never be answered (server crashed, stream truncated)
] as const;

export const messageShapes = ['request', 'response', 'error', 'notification', 'batch', 'noise', 'uninspectable'] as const;

/** Facts about the bytes that a reader of the record should know; bounded vocabulary. */
export const messageFlags = [
  'over-cap', 'ambiguous-json', 'duplicate-id', 'late', 'no-newline', 'crlf', 'blank', 'invalid-utf8', 'too-deep', 'metadata-stripped', 'answered-by-tap', 'replayed',
] as const;

export const messageSchema = z.object({
  shape: z.enum(messageShapes),
  /** For a response: the method of the request it answers, when known. */
  method: z.string().max(256).optional(),
  /** The JSON text of the id, so that 1 and "1" stay distinct. */
  rpcId: z.string().max(512).optional(),
  /** For a response: the observation of its request. */
  inReplyTo: z.string().optional(),
  bytes: z.number().int().nonnegative(),
  /** SHA-256 of the raw bytes, hex. */
  digest: z.string(),
  flags: z.array(z.enum(messageFlags)).default([]),
  /** Parsed copy: a request's or notification's `params`, a response's `result`, an error's `error`; noise: its text. */
  payload: z.unknown().optional(),
  /** Text of the message before and behind its payload, or of all of it when there is none: with `payload` the message can be rebuilt. Absent where the payload is, and for bytes that are not UTF-8. */
  around: z.array(z.string()).min(1).max(2).optional(),
});
export type ObservedMessage = z.infer<typeof messageSchema>;

/** Present on a `tools/call` request (and on one of another method that a rule speaks of), and again on the response that answers it. */
export const observedCallSchema = z.object({
  /** 128 random bits, hex; dies with the tap process. */
  callId: z.string(),
  phase: z.enum(['request', 'result']),
  tool: z.string().max(512),
  impact: impactSchema,
  tier: tierSchema,
  /** The policy rule that made the tier; for people. */
  tierRule: z.string().max(256),
  policyVersion: z.string(),
  /** SHA-256 over the canonical call (see `wire/action-digest`); hex. The same for request and result. */
  actionDigest: z.string(),
  /** Is the tap holding these bytes until a verdict or `deadlineMs`? */
  waits: z.boolean(),
  deadlineMs: z.number().int().nonnegative(),
  /** On the result: did the server call it an error? */
  isError: z.boolean().optional(),
  /** Absent: `tools/call`. Else the method a rule of the policy speaks of; `tool` then is the method, too. */
  method: z.string().max(256).optional(),
  /** Arguments the policy changed before anybody was asked: the payload, the digest and what is sent are of the changed call. */
  edits: z.array(z.object({ rule: z.string().max(128), path: z.string().max(256), did: z.enum(['dropped', 'lowered', 'raised', 'set']), was: z.string().max(200).optional() })).max(32).optional(),
});
export type ObservedCall = z.infer<typeof observedCallSchema>;

/** What the client handed over under `dev.countersign/` in `_meta`, or the environment of the tap; never forwarded. */
export const clientMetadataSchema = z.object({
  task: z.object({ text: z.string().max(4096), id: z.string().max(256).optional() }).optional(),
  /** A DSSE envelope (JSON text), or the 32-hex-digit state hash of a statement already registered. */
  attestation: z.string().max(16384).optional(),
  delegation: z.unknown().optional(),
  activation: z.unknown().optional(),
});
export type ClientMetadata = z.infer<typeof clientMetadataSchema>;

export const observationSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  kind: z.enum(observationKinds),
  domain: z.string().min(1).max(128),
  tapId: z.string().min(1).max(64),
  epoch: z.number().int().positive(),
  seq: z.number().int().nonnegative(),
  /** Wall clock, ISO 8601 UTC with milliseconds. */
  at: z.string(),
  /** The tap's monotonic clock, microseconds since the epoch opened. */
  monotonicUs: z.number().int().nonnegative(),
  agent: agentSchema,
  /** The configured name of the MCP server behind the tap. */
  server: z.string().min(1).max(128),
  session: z.string().min(1).max(256),
  /** The transport's own conversation (a process, an HTTP session), whatever the session is called. */
  stream: z.string().max(256).optional(),
  sessionRule: z.enum(['process', 'mcp-session-id', 'task', 'trace', 'idle-gap']),
  transport: z.enum(['stdio', 'http']),
  era: z.enum(['legacy', 'modern']),
  protocolVersion: z.string().max(32).optional(),
  direction: z.enum(['client-to-server', 'server-to-client']),
  message: messageSchema.optional(),
  call: observedCallSchema.optional(),
  metadata: clientMetadataSchema.optional(),
  note: z.record(z.string(), z.unknown()).optional(),
});
export type Observation = z.infer<typeof observationSchema>;
