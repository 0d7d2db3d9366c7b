/** What one conversation knows of itself: who waits for an answer, what was negotiated, how its refusals are recorded. */
import { Correlation, eraOf, observedMessage, readMessage, refusalAnswer, type Era, type Refusal } from '@countersign/wire';
import type { Asked } from './asked.js';
import type { House } from './house.js';
import type { Passage, StreamInfo } from './passage.js';
import type { Conversation } from './recorder.js';

const unansweredMax = 1024;

export class StreamState {
  readonly toServer = new Correlation<Asked>({ unansweredMax });
  readonly toClient = new Correlation<Asked>({ unansweredMax });
  /** The protocol version `initialize` agreed on. */
  negotiated: string | undefined;
  label: Conversation['label'];
  /** The task the client named last; it ties calls to several servers into one session. */
  taskId: string | undefined;
  /** Nothing but an era probe was asked so far (T17). */
  onlyProbed = true;
  /** What `conversation` last made, and of what: the transport may name the session later. */
  #known: Pick<Conversation, 'label' | 'session' | 'sessionRule'> & { readonly taskId: string | undefined; readonly conversation: Conversation } | undefined;

  constructor(readonly house: House, readonly info: StreamInfo) {}

  /** The same object while nothing of it changed: the record keeps what it made of it. */
  conversation(): Conversation {
    const { session, sessionRule } = this.info;
    const known = this.#known;
    if (known !== undefined && known.label === this.label && known.taskId === this.taskId && known.session === session && known.sessionRule === sessionRule) return known.conversation;
    const conversation = this.#named();
    this.#known = { label: this.label, taskId: this.taskId, session, sessionRule, conversation };
    return conversation;
  }

  #named(): Conversation {
    const { session, sessionRule, transport } = this.info;
    const named = this.taskId === undefined ? { session, sessionRule } : { session: `task:${this.house.agent.name}:${this.taskId}`, sessionRule: 'task' as const };
    return { ...named, session: named.session.slice(0, 256), stream: session.slice(0, 256), transport, label: this.label };
  }

  sessionEra(): Era {
    return eraOf(undefined, { negotiated: this.negotiated });
  }

  isEnforced(): boolean {
    return this.house.policy().policy.mode === 'enforce';
  }

  /** Answers a request in the server's place; nobody else will answer it now. */
  refuse(asked: Asked, refusal: Refusal): Passage {
    this.toServer.remove(asked.rpcId, asked);
    const bytes = refusalAnswer({ rpcId: asked.rpcId, isToolCall: asked.method === 'tools/call', era: asked.era.era }, refusal);
    this.recordAnswer(bytes, asked.era, asked);
    return { kind: 'answer', bytes };
  }

  /** Our own answer is a message the client sees, so it is in the record; it has no `call`, for nobody is to judge or learn from it. */
  recordAnswer(bytes: Uint8Array, era: Era, asked: Asked | undefined): void {
    const callId = asked?.call?.observed.callId;
    this.house.recorder.record(this.conversation(), {
      kind: 'message', ...era, direction: 'server-to-client',
      message: observedMessage(readMessage(bytes), { raw: bytes, framing: this.info.transport === 'stdio' ? '\n' : 'body', payload: 'full', flags: ['answered-by-tap'], method: asked?.method, inReplyTo: asked?.observationId }),
      ...(callId === undefined ? {} : { note: { callId } }),
    });
  }
}
