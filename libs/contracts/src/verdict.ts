/**
 * What the judge answers for one waiting observation (or, for calls nobody holds, what it would have answered).
 * V1. One verdict per observation; its id is derived from it.
 * V2. A verdict names call, action digest and policy version, and is good for that call only.
 * V3. In mode `observe` the verdict is recorded as it would have been, and the tap forwards whatever it says.
 */
import { z } from 'zod';
import { detectorNames } from './finding.js';
import { agentSchema, impactSchema, tierSchema } from './ids.js';

export const verdictKinds = ['allow', 'deny', 'modify', 'step_up', 'defer'] as const;
export type VerdictKind = (typeof verdictKinds)[number];

export const reasonSchema = z.object({
  /** A word of policy's closed vocabulary, e.g. `flow-to-sink`, `no-verdict-in-time`. */
  code: z.string().max(64),
  text: z.string().max(1200),
  wouldPass: z.string().max(400).optional(),
  detector: z.enum(detectorNames).optional(),
  findingId: z.string().optional(),
});
export type Reason = z.infer<typeof reasonSchema>;

/** Replaces one span of a result's string; only with kind `modify`. */
export const redactionSchema = z.object({
  path: z.string(),
  start: z.number().int().nonnegative(),
  end: z.number().int().nonnegative(),
  replacement: z.string().max(200),
});
export type Redaction = z.infer<typeof redactionSchema>;

/** Whom to ask, and until when; only with kind `step_up`. */
export const askSchema = z.object({
  groups: z.array(z.string()).min(1),
  quorum: z.number().int().positive(),
  /** From the verdict's `at`; milliseconds. */
  deadlineMs: z.number().int().positive(),
});
export type Ask = z.infer<typeof askSchema>;

/** One number for all that statistics say of a request; absent on results and where nothing was scored. */
export const fusedScoreSchema = z.object({
  /** Log-odds above the frozen threshold of the artefact: above 0, the evidence speaks against the call. It ranks; it is no probability. */
  value: z.number(),
  /** Conformal p-value among the highest scores of benign sessions; absent while there are too few. */
  p: z.number().min(0).max(1).optional(),
  /** Sessions compared with. */
  n: z.number().int().nonnegative(),
  /** Whose: the agent's own, its role's, its domain's; frozen: nobody's, only the threshold of the artefact. */
  basis: z.enum(['own', 'role', 'domain', 'frozen']),
  artefact: z.string().max(64),
  /** What went in, by name, in the units of the artefact. */
  parts: z.record(z.string(), z.number()),
});
export type FusedScore = z.infer<typeof fusedScoreSchema>;

export const verdictSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  observationId: z.string(),
  domain: z.string(),
  tapId: z.string(),
  epoch: z.number().int().positive(),
  callId: z.string(),
  phase: z.enum(['request', 'result']),
  agent: agentSchema,
  session: z.string(),
  server: z.string(),
  tool: z.string(),
  impact: impactSchema,
  tier: tierSchema,
  kind: z.enum(verdictKinds),
  mode: z.enum(['observe', 'enforce']),
  reasons: z.array(reasonSchema).max(16),
  findingIds: z.array(z.string()).max(64),
  /** Detectors that were required and did not answer in time. */
  missing: z.array(z.enum(detectorNames)).default([]),
  policyVersion: z.string(),
  actionDigest: z.string(),
  at: z.string(),
  /** Judge's clock between first sight of the observation and this verdict; milliseconds. */
  waitedMs: z.number().nonnegative(),
  ask: askSchema.optional(),
  /** A withheld result: the id by which an operator finds and releases it. Derived from the content digest. */
  quarantineId: z.string().optional(),
  redactions: z.array(redactionSchema).optional(),
  score: fusedScoreSchema.optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;
