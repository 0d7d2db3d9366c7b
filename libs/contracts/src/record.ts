/** Which schema reads which topic. Records are parsed at both ends of the ledger. */
import type { z } from 'zod';
import { deadLetterSchema } from './dead-letter.js';
import { decisionSchema } from './decision.js';
import { findingSchema } from './finding.js';
import { observationSchema } from './observation.js';
import type { Topic } from './topics.js';
import { verdictSchema } from './verdict.js';

export const recordSchemas = {
  observations: observationSchema,
  findings: findingSchema,
  verdicts: verdictSchema,
  decisions: decisionSchema,
  'dead-letters': deadLetterSchema,
} as const satisfies Record<Topic, z.ZodType>;

export type RecordOf<T extends Topic> = z.infer<(typeof recordSchemas)[T]>;
