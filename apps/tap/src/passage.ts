/**
 * What becomes of one message, whatever transport carries it.
 * PA1. A stream's messages are offered in the order they came; each offer settles on its own (a held one delays no other).
 * PA2. `forward` carries the original bytes unless our own metadata was cut out or a verdict changed them.
 * PA3. `answer` is for the client, in the server's place; the offered message must then not be forwarded.
 * PA4. `drop` means: nothing goes anywhere (a cancelled held call).
 * PA5. A message too long to inspect is decided by its envelope alone, and nothing above tier low passes so from the client.
 * PA6. Beside its passage a message may have something said to whoever sent it, now (`toSender`): that a call is held, or that the
 *      server's request is refused.
 * PA7. A message the transport refused is offered all the same, with the refusal: it is recorded, and goes nowhere (T38).
 * The core never touches a socket, a process or HTTP; a transport never decides.
 */
import type { Agent } from '@countersign/contracts';
import type { LongMessage } from '@countersign/wire';

export type Passage =
  | {
      readonly kind: 'forward';
      readonly bytes: Uint8Array;
      /** HTTP: fields that belong to this message and not to the request it was made from (`Mcp-Param-*`); names and values, two by two. */
      readonly mirrors?: readonly string[];
    }
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  | { readonly kind: 'drop' };

/** What the transport knows of a message beside its bytes. */
export interface Arrival {
  readonly direction: 'client-to-server' | 'server-to-client';
  /** One complete JSON-RPC message (or batch), without its line ending or SSE framing. */
  readonly bytes: Uint8Array;
  /** How the transport framed it, for the record: `\n`, `\r\n`, '' (last line without newline), 'body', 'sse'. */
  readonly framing: string;
  /** SSE event id or HTTP facts worth a record flag. */
  readonly eventId?: string;
  /** HTTP: the attestation header, already decoded from its wire form. */
  readonly attestationHeader?: string;
  /** HTTP: the `MCP-Protocol-Version` header, already checked against the body. */
  readonly protocolVersionHeader?: string;
  /** HTTP: the header fields that repeat arguments of this message (`Mcp-Param-*`); names and values, two by two. */
  readonly mirrors?: readonly string[];
  /** Says one message to the sender, outside of any answer; false when there is no way to. */
  readonly toSender?: ToSender;
  /** Decided by the transport already: a word for the record, and the answer. */
  readonly refusal?: { readonly reason: string; readonly detail: string; readonly bytes: Uint8Array };
}

export type ToSender = (bytes: Uint8Array) => boolean;

/** A message that was not kept whole. */
export interface LongArrival {
  readonly direction: Arrival['direction'];
  readonly framing: string;
  readonly envelope: LongMessage;
  /** SHA-256 of its bytes, hex. */
  readonly digest: string;
}

/** The transport has the bytes of a long message; `forward` means: send them. */
export type LongPassage = { readonly kind: 'forward' } | Exclude<Passage, { readonly kind: 'forward' }>;

/** One conversation: a stdio process, or one HTTP session (or derived session). */
export interface TapStream {
  /** Settles when the message may go on, be answered or be dropped. Synchronous where nothing waits. */
  offer(arrival: Arrival): Passage | Promise<Passage>;
  /** The same for a message longer than is inspected; never waits. */
  offerLong(arrival: LongArrival): LongPassage;
  /** May a message from the server that is longer than anything kept be relayed while it arrives, before its id is known? */
  mayPassUnread(): boolean;
  /** The client took back what it asked (disconnect in the modern era): ends the hold of this request id (JSON text); what was sent is lost for this cause. */
  withdraw(rpcId: string, cause: string): void;
  /** What these requests (ids as JSON text) still wait for will not come; other requests of the stream go on. */
  lose(rpcIds: readonly string[], cause: string): void;
  /** The client says nothing more (end of its input): people are not waited for any longer, verdicts under way still are. */
  abandon(): void;
  /** The stream is over; pending requests are recorded as lost with this cause. Returns ids (JSON text) that were still unanswered. */
  end(cause: string): readonly string[];
}

export interface StreamInfo {
  readonly transport: 'stdio' | 'http';
  readonly session: string;
  readonly sessionRule: 'process' | 'mcp-session-id' | 'task' | 'trace' | 'idle-gap';
}

/** The transport-independent tap: spool, gate, policy, holds. One per process. */
export interface TapCore {
  readonly agent: Agent;
  openStream(info: StreamInfo): TapStream;
  /** Ends the epoch: flushes the spool to the gate for at most `drainMs`, then closes. */
  close(drainMs: number): Promise<void>;
}
