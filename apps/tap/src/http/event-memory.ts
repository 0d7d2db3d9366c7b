/**
 * What became of the events of a session that carried an id, so that a replay (`Last-Event-ID`) is recorded once and judged as before.
 * EM1. An event is a replay only if its id and its data are those of one already offered; anything else is offered.
 * EM2. A replay gets the passage of the first time, also while that is still being decided.
 * EM3. At most `eventIdsMax` are remembered; a forgotten one is offered again, never waved through.
 */
import { createHash } from 'node:crypto';
import type { Passage } from '../passage.js';

/** What was decided, without the bytes where they went on unchanged. */
type Fate = { readonly kind: 'unchanged' } | { readonly kind: 'changed'; readonly passage: Passage };

export class EventMemory {
  readonly #eventIdsMax: number;
  readonly #fates = new Map<string, Fate | Promise<Fate>>();

  constructor(eventIdsMax: number) {
    this.#eventIdsMax = eventIdsMax;
  }

  /** The passage of an event: of the first time if it is a replay, else what `offer` says. */
  passage(eventId: string | undefined, data: Uint8Array, offer: () => Passage | Promise<Passage>): Passage | Promise<Passage> {
    if (eventId === undefined || eventId === '') return offer();
    const key = createHash('sha256').update(`${Buffer.byteLength(eventId)}:${eventId}`).update(data).digest('base64');
    const known = this.#fates.get(key);
    if (known instanceof Promise) return known.then((fate) => passageOf(fate, data));
    if (known !== undefined) return passageOf(known, data);
    const offered = offer();
    const fate = offered instanceof Promise ? this.#whenDecided(key, offered, data) : fateOf(offered, data);
    this.#remember(key, fate);
    return offered;
  }

  #whenDecided(key: string, offered: Promise<Passage>, data: Uint8Array): Promise<Fate> {
    const fate = offered.then((passage) => fateOf(passage, data));
    fate.then(
      (decided) => this.#fates.has(key) && this.#fates.set(key, decided),
      () => this.#fates.delete(key), // Never decided: the replay is offered anew; the failure itself reaches the first exchange.
    );
    return fate;
  }

  #remember(key: string, fate: Fate | Promise<Fate>): void {
    this.#fates.set(key, fate);
    if (this.#fates.size <= this.#eventIdsMax) return;
    const [oldest] = this.#fates.keys();
    if (oldest !== undefined) this.#fates.delete(oldest);
  }
}

function fateOf(passage: Passage, data: Uint8Array): Fate {
  return passage.kind === 'forward' && Buffer.compare(passage.bytes, data) === 0 ? { kind: 'unchanged' } : { kind: 'changed', passage };
}

function passageOf(fate: Fate, data: Uint8Array): Passage {
  return fate.kind === 'unchanged' ? { kind: 'forward', bytes: data } : fate.passage;
}
