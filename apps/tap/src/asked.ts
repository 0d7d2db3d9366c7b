import type { ObservedCall } from '@countersign/contracts';
import type { WaitRule } from '@countersign/policy/runtime';
import type { Era } from '@countersign/wire';
import type { Holding } from './held-calls.js';
import type { Conversation } from './recorder.js';
import type { RefusedCall } from './refusals.js';

/** A request that has no answer yet. */
export interface Asked {
  readonly rpcId: string;
  readonly method: string;
  readonly era: Era;
  /** The session the request was made in; its answer belongs there too. */
  readonly conversation: Conversation;
  /** Undefined when it could not be recorded. */
  readonly observationId: string | undefined;
  readonly call?: AskedCall;
  /** While its request, or its result, is held. */
  holding: Holding | undefined;
}

/** What is known of a `tools/call` from its request on. */
export interface AskedCall {
  readonly observed: ObservedCall;
  readonly refused: RefusedCall;
  readonly resultRule: WaitRule;
  readonly outputSchema: { readonly known: boolean; readonly schema?: unknown };
}
