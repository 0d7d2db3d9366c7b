/** What is known of a call from its request on. */
import type { ObservedCall } from '@countersign/contracts';
import type { TierOfCall, WaitRule } from '@countersign/policy/runtime';
import type { Refusal } from '@countersign/wire';
import type { RefusedCall } from './refusals.js';
import type { Ticket } from './tickets.js';

export interface AskedCall {
  readonly observed: ObservedCall;
  readonly refused: RefusedCall;
  readonly resultRule: WaitRule;
  readonly outputSchema: { readonly known: boolean; readonly schema?: unknown };
}

/** A call as it was read, before anything was decided. */
export interface ReadCall {
  readonly facts: AskedCall;
  readonly tier: TierOfCall;
  readonly ticket: Ticket | undefined;
  /** Refused without asking anybody. */
  readonly refusal: Refusal | undefined;
}
