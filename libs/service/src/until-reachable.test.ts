import { SeededClock } from '@countersign/adapters/clock/seeded';
import { RetriableError, type TelemetryEvent } from '@countersign/pipeline';
import { describe, expect, it } from 'vitest';
import { StartRefused, untilReachable } from './until-reachable.js';

describe('waiting at the start', () => {
  const begin = (untilMs: number): { readonly clock: SeededClock; readonly told: TelemetryEvent[]; readonly waiting: Parameters<typeof untilReachable>[1] } => {
    const clock = new SeededClock({ seed: 1 });
    const told: TelemetryEvent[] = [];
    return { clock, told, waiting: { clock, telemetry: (event) => void told.push(event), untilMs: clock.monotonicMs() + untilMs } };
  };

  it('goes on as soon as what is needed is there, and has said once that it waits', async () => {
    const { clock, told, waiting } = begin(60_000);
    let away = 3;
    const opened = untilReachable('the ledger', waiting, async () => {
      if ((away -= 1) >= 0) throw new RetriableError('no broker answers.');
      return 'open';
    });
    await clock.advance(5_000);
    expect(await opened).toBe('open');
    expect(told).toEqual([expect.objectContaining({ event: 'StartWaits', message: 'Waiting for the ledger: no broker answers.' })]);
  });

  it('ends after its limit with what is missing and what was last said', async () => {
    const { clock, waiting } = begin(3_000);
    const opened = untilReachable('Redis, for snapshots', waiting, () => Promise.reject(new RetriableError('connection refused.')));
    const refusal = opened.catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await refusal).toBeInstanceOf(StartRefused);
    expect(String(await refusal)).toContain('Redis, for snapshots could not be had in time, so nothing was started: connection refused.');
    expect(clock.pendingCount).toBe(0);
  });

  it('waits for nothing that will not pass', async () => {
    const { waiting } = begin(60_000);
    await expect(untilReachable('Redis', waiting, () => Promise.reject(new Error('it may evict keys')))).rejects.toThrow('it may evict keys');
  });
});
