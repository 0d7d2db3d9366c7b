/** Reads verdicts and alarms off the ledger, as any consumer would, so that rows show what was really decided. */
import type { Finding, Topic, Verdict } from '@countersign/contracts';

/** Follows one topic from now on; the demonstration is handed this by whoever runs the ledger. */
export type Follow = (topic: Topic, onRecord: (value: string) => void) => Promise<() => Promise<void>>;

const verdictsMax = 20_000;

export class VerdictWatch {
  readonly #verdicts: Verdict[] = [];
  readonly #alarms: Finding[] = [];
  readonly #stops: (() => Promise<void>)[] = [];

  async start(follow: Follow): Promise<void> {
    this.#stops.push(
      await follow('verdicts', (value) => {
        this.#verdicts.push(JSON.parse(value) as Verdict);
        if (this.#verdicts.length > verdictsMax) this.#verdicts.shift();
      }),
      await follow('findings', (value) => {
        const finding = JSON.parse(value) as Finding;
        if (finding.kind === 'habits-changed' || finding.kind === 'pin-changed') this.#alarms.push(finding);
      }),
    );
  }

  /** The verdict on the last call of `tool` in this task, waiting for it up to `waitMs`. */
  async of(taskId: string, tool: string, waitMs = 3_000): Promise<Verdict | undefined> {
    return until(() => this.#verdicts.findLast((verdict) => verdict.session.includes(taskId) && verdict.tool === tool && verdict.phase === 'request'), waitMs);
  }

  async alarm(kind: string, agent: string, waitMs = 1_000): Promise<Finding | undefined> {
    return until(() => this.#alarms.find((finding) => finding.kind === kind && finding.agent.name === agent), waitMs);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }
}

/** Polls `look` until it sees something or `waitMs` is over. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, waitMs: number): Promise<T | undefined> {
  const end = performance.now() + waitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined || performance.now() > end) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** `deny flow-to-sink`, `allow`, …: kind and first reason. */
export function inWords(verdict: Verdict | undefined): string {
  if (!verdict) return 'none';
  const reason = verdict.reasons[0]?.code;
  return verdict.kind === 'allow' || !reason ? verdict.kind : `${verdict.kind} ${reason}`;
}
