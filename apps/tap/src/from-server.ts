/** A message of the server's, read. */
import type { Era, RpcMessage } from '@countersign/wire';
import type { Arrival } from './passage.js';
import type { OpenedRecord } from './recorder.js';
import type { StreamState } from './stream-state.js';

export interface FromServer {
  readonly state: StreamState;
  readonly arrival: Arrival;
  /** As it goes on: what the server wrote under our prefix cut out. */
  readonly message: RpcMessage;
  readonly era: Era;
  /** Its record, where that was stored before it was read. */
  readonly opened?: OpenedRecord | undefined;
}
