import type { Era } from '@countersign/wire';
import type { AskedCall } from './asked-call.js';
import type { HeldTask } from './held-tasks.js';
import type { Holding } from './held-calls.js';
import type { Conversation } from './recorder.js';

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
  /** The poll under whose id an approved call was sent: its answer becomes the task's. */
  readonly task?: { readonly held: HeldTask; readonly poll: 'tasks/get' | 'tasks/result' };
  /** A poll of a task that the server runs behind one of ours: its answer speaks of ours. */
  readonly speaksOf?: string;
  /** While its request, or its result, is held. */
  holding: Holding | undefined;
}
