/** A record that could not be handled, with everything needed to put it back. The partition it came from goes on. */
import { z } from 'zod';
import { topics } from './topics.js';

export const deadLetterSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  domain: z.string(),
  at: z.string(),
  topic: z.enum(topics),
  offset: z.number().int().nonnegative(),
  recordId: z.string(),
  /** `schema` | `unparsable` | `over-limit` | `unknown-version` | `processor` */
  errorClass: z.string().max(64),
  error: z.string().max(2000),
  component: z.string().max(128),
  /** The record's value as it was. */
  raw: z.string(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;
