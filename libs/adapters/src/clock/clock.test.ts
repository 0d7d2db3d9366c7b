import { describe, expect, it } from 'vitest';
import { describeClock } from './conformance.js';
import { SeededClock } from './seeded.js';
import { SystemClock } from './system.js';

describeClock('system', () => {
  const clock = new SystemClock();
  return { clock, pass: (ms) => new Promise((resolve) => clock.after(ms, resolve)) };
});
describeClock('seeded', () => {
  const clock = new SeededClock({ seed: 7 });
  return { clock, pass: (ms) => clock.advance(ms) };
});

describe('SeededClock', () => {
  it('fires wake-ups by instant, then by the order they were asked for', async () => {
    const clock = new SeededClock();
    const order: string[] = [];
    clock.after(20, () => order.push('late'));
    clock.after(10, () => order.push('early'));
    clock.after(10, () => order.push('early, asked later'));
    await clock.advance(20);
    expect(order).toEqual(['early', 'early, asked later', 'late']);
  });

  it('lets a wake-up ask for another within the same advance', async () => {
    const clock = new SeededClock();
    const instants: number[] = [];
    const again = (): void => {
      instants.push(clock.monotonicMs());
      if (instants.length < 3) clock.after(10, again);
    };
    clock.after(10, again);
    await clock.advance(100);
    expect(instants).toEqual([10, 20, 30]);
  });

  it('starts where its seed says, and steps its wall without moving its monotonic side', () => {
    const clock = new SeededClock({ seed: 3 });
    const before = clock.wallMs();
    expect(before).toBe(new SeededClock({ seed: 3 }).wallMs());
    expect(before).not.toBe(new SeededClock({ seed: 4 }).wallMs());
    clock.stepWall(-3_600_000);
    expect(clock.wallMs()).toBe(before - 3_600_000);
    expect(clock.monotonicMs()).toBe(0);
  });
});
