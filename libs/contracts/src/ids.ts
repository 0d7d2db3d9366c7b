/**
 * Ids are made once, at the edge, and never again: everything later deduplicates on them.
 * I1. An observation's id is `tapId/epoch/seq`; `epoch` grows by one per tap start, `seq` has no gap within an epoch.
 * I2. A finding's id is `observationId/detector/ordinal`, a verdict's `observationId/verdict`:
 *     the same input seen twice makes the same ids, so redelivery changes nothing.
 */
import { z } from 'zod';
import type { DetectorName } from './detector.js';

export const tiers = ['low', 'medium', 'high', 'critical'] as const;
/** How much a call may cost, and therefore who waits for it. */
export type Tier = (typeof tiers)[number];
export const tierSchema = z.enum(tiers);

export const impacts = ['read', 'write', 'egress', 'irreversible'] as const;
/** What a tool can do to the world, from its definition; the worst reading wins. */
export type Impact = (typeof impacts)[number];
export const impactSchema = z.enum(impacts);

/** Who acts: the configured name and role are the identity, what the client says of itself is a label. */
export const agentSchema = z.object({
  name: z.string().min(1).max(128),
  role: z.string().min(1).max(128),
  clientName: z.string().max(256).optional(),
  clientVersion: z.string().max(256).optional(),
});
export type Agent = z.infer<typeof agentSchema>;

export interface ObservationPosition {
  readonly tapId: string;
  readonly epoch: number;
  readonly seq: number;
}

export function observationId({ tapId, epoch, seq }: ObservationPosition): string {
  return `${tapId}/${epoch}/${seq}`;
}

export function findingId(ofObservation: string, detector: DetectorName, ordinal: number): string {
  return `${ofObservation}/${detector}/${ordinal}`;
}

export function verdictId(ofObservation: string): string {
  return `${ofObservation}/verdict`;
}
