/**
 * Writes observations: each gets the next position of this epoch and is in the spool when the call returns.
 * RC1. `seq` has no gap: a position is used only by a record that was stored.
 * RC2. The text of a record is put together from parts, most of them the same from message to message: a message waits for it.
 * RC3. A message may be stored before it is looked at (`open`); its record is completed right after. Whoever reads the spool asks for
 *      that first (`complete`). Records are handed on (`onRecorded`) in the order of their positions, completed.
 * RC4. What could not be stored is counted and said once in ten seconds; the caller decides what that means for its message.
 */
import type { Agent, Observation } from '@countersign/contracts';
import type { Clock } from '@countersign/pipeline';
import type { CompleteRecord, RecordedMessage, Spool, SpoolAppend } from '@countersign/wire';

/** What all observations of one conversation share. */
export interface Conversation {
  readonly session: string;
  readonly stream: string;
  readonly sessionRule: Observation['sessionRule'];
  readonly transport: Observation['transport'];
  /** What the client calls itself. */
  readonly label?: { readonly clientName?: string; readonly clientVersion?: string } | undefined;
}

/** An observation, less what its position and its conversation say. */
export interface Recordable extends Pick<Observation, 'kind' | 'era' | 'direction'> {
  readonly protocolVersion?: string | undefined;
  readonly call?: Observation['call'] | undefined;
  readonly metadata?: Observation['metadata'] | undefined;
  readonly note?: Observation['note'] | undefined;
  readonly message?: RecordedMessage | undefined;
}

export interface RecorderOptions {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly tapId: string;
  readonly epoch: number;
  readonly agent: Agent;
  readonly server: string;
  readonly domain: () => string;
  /** There is something to drain. */
  readonly onRecorded: (entry: SpoolAppend) => void;
  readonly log: (line: string) => void;
}

/** A message that is stored and not looked at yet. */
export interface OpenedRecord {
  readonly id: string;
  readonly seq: number;
  readonly prefix: string;
  readonly raw: Uint8Array;
  readonly complete: CompleteRecord;
  /** What was found in it; undefined while nobody looked. */
  what: Recordable | undefined;
}

export interface RecordOptions {
  /** Survive a loss of power, too. */
  readonly sync?: boolean;
  /** The message is stored already. */
  readonly opened?: OpenedRecord | undefined;
}

/** A position that is taken and not handed on yet: open, or ready. */
type Taken = OpenedRecord | SpoolAppend;

const complaintMs = 10_000;
const noSync = { sync: false };

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #openedAtMs: number;
  #seq = 0;
  #failed = 0;
  #complainedAtMs = -Infinity;
  /** Positions not handed on yet. */
  readonly #taken: Taken[] = [];
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

  /** @returns the observation's id, or undefined when it could not be stored. */
  record(conversation: Conversation, what: Recordable, { sync = false, opened }: RecordOptions = {}): string | undefined {
    if (opened === undefined) return this.#recordWhole(conversation, what, sync);
    opened.what = what;
    this.complete();
    return opened.id;
  }

  /** Stores a message before it is looked at. @returns undefined when it could not be stored. */
  open(conversation: Conversation, direction: Recordable['direction'], raw: Uint8Array): OpenedRecord | undefined {
    const { spool, tapId, epoch } = this.#options;
    const seq = this.#seq;
    const prefix = this.#prefix(conversation, 'message', direction);
    let complete: CompleteRecord | undefined;
    try {
      complete = spool.append({ epoch, seq, record: { prefix, raw } }, noSync);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
    this.#seq += 1;
    const opened: OpenedRecord = { id: `${tapId}/${epoch}/${seq}`, seq, prefix, raw, complete: complete ?? (() => false), what: undefined };
    this.#taken.push(opened);
    return opened;
  }

  /** Completes what is stored and known, and hands on what is complete. */
  complete(): void {
    const taken = this.#taken;
    let ready = 0;
    for (let next = taken[0]; next !== undefined; next = taken[ready]) {
      if ('prefix' in next && next.what === undefined) break;
      ready += 1;
      this.#options.onRecorded('prefix' in next ? this.#completed(next, next.what) : next);
    }
    taken.splice(0, ready);
  }

  #recordWhole(conversation: Conversation, what: Recordable, sync: boolean): string | undefined {
    const { spool, tapId, epoch } = this.#options;
    const seq = this.#seq;
    const head = `${this.#prefix(conversation, what.kind, what.direction)}${restText(what)}`;
    const { message } = what;
    const record = message?.raw === undefined ? `${head}${message === undefined ? '}' : '}}'}` : { head, raw: message.raw, payload: message.payload };
    const entry = { epoch, seq, record };
    try {
      spool.append(entry, { sync });
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
    this.#seq += 1;
    this.#taken.push(entry);
    this.complete();
    return `${tapId}/${epoch}/${seq}`;
  }

  #completed({ seq, prefix, raw, complete }: OpenedRecord, what: Recordable | undefined): SpoolAppend {
    const { epoch } = this.#options;
    if (what === undefined) throw new Error('an open record was handed on before anybody looked at its message');
    const payload = what.message?.payload;
    const rest = restText(what);
    // Without room for it (a method or an id of hundreds of characters) the spool's copy says less than the one that is handed on now.
    complete({ rest, payload });
    return { epoch, seq, record: { head: `${prefix}${rest}`, raw, payload } };
  }

  /** Shaped like contracts' `observationSchema`, the members that hold whatever the message says. */
  #prefix(conversation: Conversation, kind: Recordable['kind'], direction: Recordable['direction']): string {
    const { clock, tapId, epoch } = this.#options;
    const seq = this.#seq;
    const monotonicUs = Math.round((clock.monotonicMs() - this.#openedAtMs) * 1000);
    return `{"v":1,"id":"${tapId}/${epoch}/${seq}","domain":${this.#domainText()},"tapId":"${tapId}","epoch":${epoch},"seq":${seq},"at":"${this.#atText(clock.wallMs())}","monotonicUs":${monotonicUs}`
      + `,${this.#conversationText(conversation)},"kind":"${kind}","direction":"${direction}"`;
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

/** The members the message decides; `message` comes last, for its end is written when the record is read. */
function restText({ era, protocolVersion, call, metadata, note, message }: Recordable): string {
  let rest = `,"era":"${era}"`;
  if (protocolVersion !== undefined) rest += `,"protocolVersion":${JSON.stringify(protocolVersion)}`;
  if (call !== undefined) rest += `,"call":${JSON.stringify(call)}`;
  if (metadata !== undefined) rest += `,"metadata":${JSON.stringify(metadata)}`;
  if (note !== undefined) rest += `,"note":${JSON.stringify(note)}`;
  return message === undefined ? rest : `${rest},"message":${message.text}`;
}
