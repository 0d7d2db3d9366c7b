/**
 * Writes observations: each gets the next position of this epoch and is in the spool when the call returns.
 * RC1. `seq` has no gap: a position is used only by a record that was stored.
 * RC2. What could not be stored is counted and said once in ten seconds; the caller decides what that means for its message.
 */
import type { Agent, Observation } from '@countersign/contracts';
import type { Clock } from '@countersign/pipeline';
import type { Spool } from '@countersign/wire';

/** What all observations of one conversation share. */
export interface Conversation {
  readonly session: string;
  readonly stream: string;
  readonly sessionRule: Observation['sessionRule'];
  readonly transport: Observation['transport'];
  /** What the client calls itself. */
  readonly label?: { readonly clientName?: string; readonly clientVersion?: string } | undefined;
}

export type Recordable = Pick<Observation, 'kind' | 'era' | 'direction'> & Partial<Pick<Observation, 'protocolVersion' | 'message' | 'call' | 'metadata' | 'note'>>;

export interface RecorderOptions {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly tapId: string;
  readonly epoch: number;
  readonly agent: Agent;
  readonly server: string;
  readonly domain: () => string;
  /** Called after each record: there is something to drain. */
  readonly onRecorded: () => void;
  readonly log: (line: string) => void;
}

const complaintMs = 10_000;

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #openedAtMs: number;
  #seq = 0;
  #failed = 0;
  #complainedAtMs = -Infinity;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#openedAtMs = options.clock.monotonicMs();
  }

  /** Records that could not be stored. */
  get failedCount(): number {
    return this.#failed;
  }

  /** @param sync survive a loss of power, too. @returns the observation's id, or undefined when it could not be stored. */
  record(conversation: Conversation, what: Recordable, options: { readonly sync: boolean } = { sync: false }): string | undefined {
    const { spool, tapId, epoch } = this.#options;
    const id = `${tapId}/${epoch}/${this.#seq}`;
    try {
      spool.append({ epoch, seq: this.#seq, record: JSON.stringify(this.#observation(id, conversation, what)) }, options);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
    this.#seq += 1;
    this.#options.onRecorded();
    return id;
  }

  #observation(id: string, { label, ...conversation }: Conversation, what: Recordable): Observation {
    const { agent, clock, domain, epoch, server, tapId } = this.#options;
    return {
      v: 1, id, domain: domain(), tapId, epoch, seq: this.#seq,
      at: new Date(clock.wallMs()).toISOString(),
      monotonicUs: Math.round((clock.monotonicMs() - this.#openedAtMs) * 1000),
      agent: { name: agent.name, role: agent.role, ...label },
      server, ...conversation, ...what,
    };
  }

  #complain(error: unknown): void {
    this.#failed += 1;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#complainedAtMs < complaintMs) return;
    this.#complainedAtMs = nowMs;
    this.#options.log(`${this.#failed} observations could not be stored; calls above tier low are refused until they can. ${error instanceof Error ? error.message : String(error)}`);
  }
}
