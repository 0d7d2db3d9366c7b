/**
 * What one detector says of one observation.
 * F1. A detector always answers an observation that has a `call`, if only with kind `nothing`: silence is not absence.
 * F2. All findings of one detector for one observation share `of`; the set is complete when `of` of them were seen.
 * F3. `gate` is set only by deterministic checks; a score never sets it.
 * F4. `sentence` is for people and carries its numbers; `evidence` points at bytes that really hold the value named.
 */
import { z } from 'zod';
import { agentSchema } from './ids.js';

export const detectorNames = ['behaviour', 'provenance', 'injection', 'attestation', 'probe'] as const;
export const severities = ['none', 'info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

export const evidenceSchema = z.object({
  /** The observation whose payload holds the span. */
  observationId: z.string().optional(),
  /** JSON path within that observation's `message.payload`, e.g. `$.content[0].text`. */
  path: z.string().optional(),
  /** Half-open span in UTF-16 code units of the string at `path`. */
  start: z.number().int().nonnegative().optional(),
  end: z.number().int().nonnegative().optional(),
  /** The span's text, at most 240 characters. */
  text: z.string().max(400).optional(),
  note: z.string().max(400).optional(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const findingSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  ordinal: z.number().int().nonnegative(),
  of: z.number().int().positive(),
  observationId: z.string(),
  domain: z.string(),
  callId: z.string().optional(),
  agent: agentSchema,
  session: z.string(),
  server: z.string(),
  tool: z.string().optional(),
  detector: z.enum(detectorNames),
  detectorVersion: z.string(),
  /** Time of the observation it is about, so that replay makes the same record. */
  at: z.string(),
  /** A word of the detector's own vocabulary (its README lists them), or `nothing`. */
  kind: z.string().max(64),
  severity: z.enum(severities),
  gate: z.enum(['deny', 'hold']).optional(),
  score: z.number().optional(),
  /** Conformal p-value; never below 1/(sampleSize+1). */
  pValue: z.number().min(0).max(1).optional(),
  sampleSize: z.number().int().nonnegative().optional(),
  sentence: z.string().max(1000).default(''),
  /** What would make the call pass; for people. */
  wouldPass: z.string().max(400).optional(),
  evidence: z.array(evidenceSchema).max(8).default([]),
  features: z.record(z.string(), z.number()).optional(),
});
export type Finding = z.infer<typeof findingSchema>;
