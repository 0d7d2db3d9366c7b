/**
 * What people decided (or a deadline decided for them).
 * D1. A decision is recorded before it takes effect anywhere.
 * D2. `approval` with outcome `approved` carries a signed grant; nothing else releases a stepped-up call.
 * D3. The other kinds change what detectors and the judge know: `release` a quarantined content,
 *     `pin-approved` a changed tool definition, `state-registered` an agent's new attested state.
 */
import { z } from 'zod';

export const decisionKinds = ['vote', 'approval', 'release', 'pin-approved', 'state-registered', 'policy-loaded'] as const;

export const decisionSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  kind: z.enum(decisionKinds),
  domain: z.string(),
  at: z.string(),
  /** The person (console login) or `system`. */
  by: z.string().max(128),
  via: z.enum(['console', 'cli', 'deadline', 'tap', 'system']),
  outcome: z.enum(['approved', 'denied', 'expired', 'recorded']),
  /** For `expired`: deadline | withdrawn. */
  cause: z.string().max(64).optional(),
  /** To the agent, from the person. */
  message: z.string().max(2000).optional(),
  // approval and vote
  approvalId: z.string().optional(),
  callId: z.string().optional(),
  tapId: z.string().optional(),
  actionDigest: z.string().optional(),
  displayDigest: z.string().optional(),
  /** Compact signed grant (see `approval/grant`); only with kind `approval`, outcome `approved`. */
  grant: z.string().optional(),
  // release, pin-approved, state-registered
  /** quarantine id · `server/tool` · agent name. */
  subject: z.string().max(512).optional(),
  /** content digest · pin digest · state hash. */
  subjectDigest: z.string().max(128).optional(),
});
export type Decision = z.infer<typeof decisionSchema>;
