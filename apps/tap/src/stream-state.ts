/** What one conversation knows of itself: who waits for an answer, what was negotiated, how its refusals are recorded. */
import { Correlation, eraOf, noAbilities, observedMessage, readMessage, refusalAnswer, type ClientAbilities, type Era, type Refusal } from '@countersign/wire';
import type { Asked } from './asked.js';
import type { AskedCall } from './asked-call.js';
import type { House } from './house.js';
import type { Passage, StreamInfo } from './passage.js';
import type { Conversation } from './recorder.js';

const unansweredMax = 1024;
const serverTasksMax = 256;

export class StreamState {
  readonly toServer = new Correlation<Asked>({ unansweredMax });
  readonly toClient = new Correlation<Asked>({ unansweredMax });
  /** What the client declared in `initialize`. */
  abilities: ClientAbilities = noAbilities;
  /** The era of the client's last request; what the server says unasked belongs there (ER3). */
  spoken: Era | undefined;
  /** Calls that the server turned into tasks of its own, by their ids: what it later says of them is their result. Bounded. */
  readonly serverTasks = new Map<string, AskedCall>();
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
    return this.spoken ?? eraOf(undefined, { negotiated: this.negotiated });
  }

  isEnforced(): boolean {
    return this.house.policy().policy.mode === 'enforce';
  }

  /** Answers a request in the server's place; nobody else will answer it now. */
  refuse(asked: Asked, refusal: Refusal): Passage {
    return this.answer(asked, refusalAnswer({ rpcId: asked.rpcId, isToolCall: asked.method === 'tools/call', era: asked.era.era }, refusal));
  }

  /** The same with a message of the tap's own. */
  answer(asked: Asked, bytes: Uint8Array): Passage {
    this.toServer.remove(asked.rpcId, asked);
    this.recordAnswer(bytes, asked.era, asked);
    return { kind: 'answer', bytes };
  }

  rememberServerTask(taskId: string, call: AskedCall): void {
    const [oldest] = this.serverTasks.keys();
    if (this.serverTasks.size >= serverTasksMax && oldest !== undefined) this.serverTasks.delete(oldest);
    this.serverTasks.set(taskId, call);
  }

  /** What the server was told in the client's place. */
  recordReply(bytes: Uint8Array, era: Era, asked: Asked): void {
    this.house.recorder.record(this.conversation(), {
      kind: 'message', ...era, direction: 'client-to-server',
      message: observedMessage(readMessage(bytes), { raw: bytes, framing: this.info.transport === 'stdio' ? '\n' : 'body', payload: 'full', flags: ['answered-by-tap'], method: asked.method, inReplyTo: asked.observationId }),
    });
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
