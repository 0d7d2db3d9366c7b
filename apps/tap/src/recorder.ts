/**
 * Writes observations: each gets the next position of this epoch and is in the spool when the call returns.
 * RC1. `seq` has no gap: a position is used only by a record that was stored.
 * RC2. The text of a record is put together from parts, most of them the same from message to message: a message waits for it.
 * RC3. What could not be stored is counted and said once in ten seconds; the caller decides what that means for its message.
 */
import type { Agent, Observation } from '@countersign/contracts';
import type { Clock } from '@countersign/pipeline';
import type { RecordedMessage, Spool, SpoolAppend, SpoolRecord } from '@countersign/wire';

/** What all observations of one conversation share. */
export interface Conversation {
  readonly session: string;
  readonly stream: string;
  readonly sessionRule: Observation['sessionRule'];
  readonly transport: Observation['transport'];
  /** What the client calls itself. */
  readonly label?: { readonly clientName?: string; readonly clientVersion?: string } | undefined;
}

export interface Recordable extends Pick<Observation, 'kind' | 'era' | 'direction'>, Partial<Pick<Observation, 'protocolVersion' | 'call' | 'metadata' | 'note'>> {
  readonly message?: RecordedMessage;
}

export interface RecorderOptions {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly tapId: string;
  readonly epoch: number;
  readonly agent: Agent;
  readonly server: string;
  readonly domain: () => string;
  /** Called after each record: there is something to drain. */
  readonly onRecorded: (entry: SpoolAppend) => void;
  readonly log: (line: string) => void;
}

const complaintMs = 10_000;
const noSync = { sync: false };

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #openedAtMs: number;
  #seq = 0;
  #failed = 0;
  #complainedAtMs = -Infinity;
  readonly #conversations = new WeakMap<Conversation, string>();
  #domain: { readonly name: string; readonly text: string } = { name: '', text: '""' };
  #at: { readonly wallMs: number; readonly text: string } = { wallMs: -1, text: '' };

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#openedAtMs = options.clock.monotonicMs();
  }

  /** Records that could not be stored. */
  get failedCount(): number {
    return this.#failed;
  }

  /** @param sync survive a loss of power, too. @returns the observation's id, or undefined when it could not be stored. */
  record(conversation: Conversation, what: Recordable, options: { readonly sync: boolean } = noSync): string | undefined {
    const { spool, tapId, epoch } = this.#options;
    const seq = this.#seq;
    const id = `${tapId}/${epoch}/${seq}`;
    const entry = { epoch, seq, record: this.#record(id, conversation, what) };
    try {
      spool.append(entry, options);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
    this.#seq += 1;
    this.#options.onRecorded(entry);
    return id;
  }

  /** Shaped like contracts' `observationSchema`; `message` comes last, for its end is written when the record is read. */
  #record(id: string, conversation: Conversation, { kind, era, direction, protocolVersion, call, metadata, note, message }: Recordable): SpoolRecord {
    const { clock, tapId, epoch } = this.#options;
    const monotonicUs = Math.round((clock.monotonicMs() - this.#openedAtMs) * 1000);
    let head = `{"v":1,"id":"${id}","domain":${this.#domainText()},"tapId":"${tapId}","epoch":${epoch},"seq":${this.#seq},"at":"${this.#atText(clock.wallMs())}","monotonicUs":${monotonicUs}`
      + `,${this.#conversationText(conversation)},"kind":"${kind}","era":"${era}","direction":"${direction}"`;
    if (protocolVersion !== undefined) head += `,"protocolVersion":${JSON.stringify(protocolVersion)}`;
    if (call !== undefined) head += `,"call":${JSON.stringify(call)}`;
    if (metadata !== undefined) head += `,"metadata":${JSON.stringify(metadata)}`;
    if (note !== undefined) head += `,"note":${JSON.stringify(note)}`;
    if (message === undefined) return `${head}}`;
    head += `,"message":${message.text}`;
    return message.raw === undefined ? `${head}}}` : { head, raw: message.raw, payload: message.payload };
  }

  #conversationText(conversation: Conversation): string {
    const known = this.#conversations.get(conversation);
    if (known !== undefined) return known;
    const { label, ...named } = conversation;
    const { agent, server } = this.#options;
    const text = JSON.stringify({ agent: { name: agent.name, role: agent.role, ...label }, server, ...named }).slice(1, -1);
    this.#conversations.set(conversation, text);
    return text;
  }

  #domainText(): string {
    const name = this.#options.domain();
    if (name !== this.#domain.name) this.#domain = { name, text: JSON.stringify(name) };
    return this.#domain.text;
  }

  #atText(wallMs: number): string {
    if (wallMs !== this.#at.wallMs) this.#at = { wallMs, text: new Date(wallMs).toISOString() };
    return this.#at.text;
  }

  #complain(error: unknown): void {
    this.#failed += 1;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#complainedAtMs < complaintMs) return;
    this.#complainedAtMs = nowMs;
    this.#options.log(`${this.#failed} observations could not be stored; calls above tier low are refused until they can. ${error instanceof Error ? error.message : String(error)}`);
  }
}
