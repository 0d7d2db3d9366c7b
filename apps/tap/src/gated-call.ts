/** A request at the gate, with everything that may be done with it. */
import type { Refusal } from '@countersign/wire';
import type { Asked } from './asked.js';
import type { ReadCall } from './asked-call.js';
import type { Passage } from './passage.js';
import type { CallContext } from './read-call.js';
import type { ClientReach } from './waiting-signs.js';

export interface GatedCall {
  readonly context: CallContext;
  readonly read: ReadCall;
  readonly asked: Asked;
  /** What is sent if it is sent. */
  readonly bytes: Uint8Array;
  /** HTTP: the fields that repeat its arguments. */
  readonly mirrors: readonly string[];
  readonly client: ClientReach;
  /** It brings state or answers of a round of the server's. */
  readonly hasRound: boolean;
  /** Answers in the server's place, recorded. */
  readonly refuse: (refusal: Refusal) => Passage;
  readonly answer: (bytes: Uint8Array) => Passage;
  /** Says something beside the answer: for the record. */
  readonly record: (bytes: Uint8Array) => void;
}
