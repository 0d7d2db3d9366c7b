/**
 * What happens when an approval's wake-up comes: a reminder is told, and a deadline that nobody has written down is written down.
 * DW1. A wake-up decides nothing by itself: the stored deadline and this clock do, and the record has the id that `approve`'s own expiry
 *      has, so that however often it is written there is one decision (A1).
 * DW2. The stage that holds the approval's partition comes first; this is the net below it, for an approval it does not know of.
 */
import { decide, decisionRecord, type Approval, type ApprovalStore } from '@countersign/approval';
import type { Clock, EventLog, Subscription, Telemetry } from '@countersign/pipeline';
import type { ApprovalWakes, Health } from '@countersign/service';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';

const part = 'approve-wakes';
/** How long the stage has for its own expiry. */
const graceMs = 2_000;

export interface DueWatchParts {
  readonly wakes: ApprovalWakes;
  readonly store: ApprovalStore;
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly health: Health;
}

export class DueWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  #subscription: Subscription | undefined;

  constructor(private readonly parts: DueWatchParts) {
    parts.health.report(part, 'starting');
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#subscription = await this.parts.wakes.watch(({ approvalId, kind }) => (kind === 'reminder' ? this.#remind(approvalId) : this.#expire(approvalId)));
    this.parts.health.report(part, 'running');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#subscription?.stop();
    this.parts.health.report(part, 'stopped');
  }

  async #remind(approvalId: string): Promise<void> {
    const approval = await this.parts.store.get(approvalId);
    if (approval?.state !== 'open') return;
    const { clock, telemetry } = this.parts;
    const leftMs = Math.max(0, approval.deadlineAtMs - clock.wallMs());
    telemetry({ event: 'ApprovalReminded', level: 'info', message: `A ${approval.tier} call still waits for people; ${Math.round(leftMs / 1_000)} s are left.`, fields: { tier: approval.tier, leftSeconds: leftMs / 1_000 } });
  }

  async #expire(approvalId: string): Promise<void> {
    const { store, clock } = this.parts;
    const approval = await store.get(approvalId);
    if (approval?.state !== 'open') return;
    await this.#waited(Math.max(0, approval.deadlineAtMs - clock.wallMs()) + graceMs);
    const stored = await store.get(approvalId);
    if (stored?.state === 'open') await this.#record(stored);
  }

  async #record(approval: Approval): Promise<void> {
    const { eventLog, clock, telemetry } = this.parts;
    const step = decide(approval, { type: 'deadline' }, { facts: { owners: [], isEligible: () => false }, nowMs: clock.wallMs() });
    if (step.kind !== 'changed' || !step.decided) return;
    const decision = decisionRecord(step.approval, { person: 'system', via: 'deadline' });
    await eventLog.append('decisions', [{ id: decision.id, key: decision.domain, value: JSON.stringify(decision) }]);
    telemetry({ event: 'ApprovalExpiredByWake', level: 'warn', message: 'An approval’s deadline had passed and its stage had not said so; its wake-up did. The call is denied.', fields: { tier: approval.tier } });
  }

  #waited(ms: number): Promise<void> {
    return new Promise((resolve) => this.parts.clock.after(ms, resolve));
  }
}
