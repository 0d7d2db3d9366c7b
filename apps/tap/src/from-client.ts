/** A message of the client's, read; and how it is recorded. */
import { observedMessage, type ClientAbilities, type Era, type MessageFlag, type RpcMessage, type StrippedMessage, type Wish } from '@countersign/wire';
import type { Arrival } from './passage.js';
import type { Recordable } from './recorder.js';
import type { StreamState } from './stream-state.js';
import type { Ticket } from './tickets.js';

export interface FromClient {
  readonly state: StreamState;
  readonly arrival: Arrival;
  readonly stripped: StrippedMessage;
  /** What goes on if it goes on: our metadata cut out, arguments changed by the policy, the tap's own rounds taken back. */
  readonly message: RpcMessage;
  readonly era: Era;
  readonly abilities: ClientAbilities;
  /** The request came back by itself, after the tap's own `input_required`; its ticket, if people may still decide. */
  readonly ownRound?: { readonly ticket: Ticket | undefined; readonly wish: Wish };
}

export interface ToRecord extends Pick<Recordable, 'call' | 'note'> {
  readonly flags?: readonly MessageFlag[];
  readonly method?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly withEnvironment?: boolean;
  readonly sync?: boolean;
}

/** @returns the observation's id, or undefined when it could not be stored. */
export function recordFromClient({ state, arrival, stripped, message, era }: FromClient, { flags = [], method, inReplyTo, withEnvironment = false, sync = false, call, note }: ToRecord): string | undefined {
  const { house } = state;
  const own = stripped.metadata.attestation === undefined && arrival.attestationHeader !== undefined && message.shape === 'request'
    ? { ...stripped.metadata, attestation: arrival.attestationHeader }
    : stripped.metadata;
  const metadata = withEnvironment ? house.environment.complete(own) : Object.keys(own).length > 0 ? own : undefined;
  const notes = stripped.refused.length > 0 ? { ...note, metadataRefused: stripped.refused } : note;
  return house.recorder.record(state.conversation(), {
    kind: 'message', era: era.era, protocolVersion: era.protocolVersion, direction: 'client-to-server', call, metadata, note: notes,
    message: observedMessage(message, {
      raw: arrival.bytes, framing: arrival.framing, payload: house.policy().policy.payload, method, inReplyTo,
      flags: stripped.wasStripped ? [...flags, 'metadata-stripped'] : flags,
    }),
  }, { sync });
}
