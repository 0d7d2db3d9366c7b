/**
 * What a tap and the gate say to each other: one JSON object per line over a local socket.
 * G1. The gate speaks first (`challenge`); a tap that cannot sign it is told why and disconnected.
 * G2. `acked` names the last seq of an epoch that the ledger holds; only then may the tap trim its spool.
 * G3. `verdict` and `decision` are pushed to the tap that owns the call, and to no other.
 * G4. A `policy` frame is sealed (see `policy/seal`); a tap keeps the last good one and refuses an older or unsigned one.
 */
import { z } from 'zod';
import { decisionSchema } from './decision.js';
import { agentSchema } from './ids.js';
import { verdictSchema } from './verdict.js';

export const gateFrameBytesMax = 4 * 1024 * 1024;

export const tapFrameSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    tapId: z.string(),
    epoch: z.number().int().positive(),
    server: z.string(),
    agent: agentSchema,
    /** Raw Ed25519 public key, base64url; enrolled on first sight when the channel itself proves the user. */
    publicKey: z.string(),
    /** Ed25519 over `countersign-tap-hello\n${nonce}\n${tapId}\n${epoch}`, base64url. */
    signature: z.string(),
    version: z.string(),
    /** A one-time enrolment token, of `countersign enrol` only; where the gate asks for one, a key it does not know needs it. */
    enrolToken: z.string().max(64).optional(),
  }),
  /** Each record is the JSON text of one observation, in seq order. */
  z.object({ type: z.literal('observations'), epoch: z.number().int().positive(), records: z.array(z.string()) }),
]);
export type TapFrame = z.infer<typeof tapFrameSchema>;

export const gateFrameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('challenge'), nonce: z.string(), gateId: z.string() }),
  z.object({ type: z.literal('welcome'), domain: z.string() }),
  z.object({ type: z.literal('refused'), reason: z.string() }),
  z.object({ type: z.literal('acked'), epoch: z.number().int().positive(), seq: z.number().int().nonnegative() }),
  z.object({ type: z.literal('verdict'), verdict: verdictSchema }),
  z.object({ type: z.literal('decision'), decision: decisionSchema }),
  /** `sealed` is a policy snapshot sealed by the installation's key; `grantKey` the public key grants are checked with (raw, base64url). */
  z.object({ type: z.literal('policy'), sealed: z.string(), sealKey: z.string(), grantKey: z.string() }),
]);
export type GateFrame = z.infer<typeof gateFrameSchema>;
