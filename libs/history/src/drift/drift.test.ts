import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulateThreshold } from './alarm-threshold.js';
import { noDrift, watchSession } from './drift-watch.js';
import { conformalP, eOfP } from './evidence.js';
import { makeReference, referenceSessionsMin, type Reference } from './reference.js';
import { sessionStatisticsOf, type SessionStatistics } from './session-statistics.js';

const seed = 41;
function seeded(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An agent that reads often, writes sometimes and pays rarely. */
function ordinary(random: () => number, session = 's'): SessionStatistics {
  const tools = ['desk/read', ...(random() < 0.6 ? ['desk/write'] : []), ...(random() < 0.1 ? ['bank/pay'] : [])];
  return { session, calls: 5 + Math.floor(random() * 6), writeShare: random() * 0.4, errorRate: random() * 0.1, meanSurprise: 2 + random(), logDuration: 4 + random(), tools };
}

function referenceOf(count: number, random: () => number): { reference: Reference; sessions: readonly SessionStatistics[] } {
  const sessions = Array.from({ length: count }, () => ordinary(random));
  const answer = makeReference(sessions);
  if (!answer.ok) throw new Error(answer.reason);
  return { reference: answer.reference, sessions };
}

function sessionsUntil(reference: Reference, threshold: number, next: () => SessionStatistics): number {
  let state = noDrift;
  for (let count = 1; count <= 2_000; count += 1) {
    const step = watchSession(reference, state, next());
    if (step.statistic >= threshold) return count;
    state = step.state;
  }
  return Number.POSITIVE_INFINITY;
}

describe('evidence', () => {
  it('a conformal p-value is never below 1/(n+1), and is uniform over exchangeable distances', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 }), (distances) => {
        const ps = distances.map((distance, index) => conformalP(distance, distances.filter((_, other) => other !== index)));
        expect([...ps].sort((a, b) => a - b)).toEqual(distances.map((_, rank) => (rank + 1) / distances.length));
      }),
    );
  });

  it('e of a uniform p has mean 1, and grows as p falls', () => {
    const steps = 2_000_000;
    let mean = 0;
    for (let step = 0; step < steps; step += 1) mean += eOfP((step + 0.5) / steps) / steps;
    expect(mean).toBeGreaterThan(0.9); // the tail below 1/steps holds the rest: it falls like 1/ln(1/p)
    expect(mean).toBeLessThanOrEqual(1);
    const falling = [1, 0.999, 0.9, 0.5, 0.1, 0.01, 1e-4].map(eOfP);
    expect(falling).toEqual([...falling].sort((a, b) => a - b));
    expect(eOfP(0.9991)).toBeCloseTo(eOfP(0.9989), 3);
    expect(() => eOfP(0)).toThrow(RangeError);
  });
});

describe('the reference', () => {
  it('says how many sessions it lacks instead of guessing', () => {
    const answer = makeReference(Array.from({ length: referenceSessionsMin - 1 }, () => ordinary(seeded(1))));
    expect(answer).toMatchObject({ ok: false });
    expect(!answer.ok && answer.reason).toMatch(/needs 50 .* there are 49/);
  });

  it('leaves out a measure that too few sessions have', () => {
    const random = seeded(2);
    const answer = makeReference(Array.from({ length: 60 }, () => ({ ...ordinary(random), meanSurprise: undefined })));
    expect(answer.ok && Object.keys(answer.reference.measures)).toEqual(['calls', 'writeShare', 'errorRate', 'logDuration']);
  });
});

describe(`the watch (seed ${seed}, reference of 100 sessions)`, () => {
  const random = seeded(seed);
  const { reference, sessions } = referenceOf(100, random);
  const { threshold, quietShare } = simulateThreshold({ sessions, runLength: 200, random: seeded(seed + 1) });

  it('the threshold leaves about half of the simulated runs quiet, and the same seed gives it again', () => {
    expect(quietShare).toBe(0.5);
    expect(simulateThreshold({ sessions, runLength: 200, random: seeded(seed + 1) }).threshold).toBe(threshold);
  });

  const changes: readonly (readonly [string, number, (session: SessionStatistics) => SessionStatistics])[] = [
    ['a tool nobody used before, in every session', 15, (session) => ({ ...session, tools: [...session.tools, 'web/post'] })],
    ['a rare tool in every session', 40, (session) => ({ ...session, tools: [...new Set([...session.tools, 'bank/pay'])] })],
    ['calls five times as many', 40, (session) => ({ ...session, calls: session.calls * 5 })],
    ['surprise far above its own', 40, (session) => ({ ...session, meanSurprise: 9 })],
    ['surprise far below its own', 40, (session) => ({ ...session, meanSurprise: 0.1 })],
  ];
  it.each(changes)('finds %s within %i sessions', (_name, sessionsMax, change) => {
    const drawing = seeded(seed + 2);
    expect(sessionsUntil(reference, threshold, () => change(ordinary(drawing)))).toBeLessThanOrEqual(sessionsMax);
  });

  it('an unchanged agent of the same kind is left in peace longer than a changed one, in the median of 21 runs', () => {
    const lengths = Array.from({ length: 21 }, (_, run) => {
      const drawing = seeded(1_000 + run);
      return sessionsUntil(reference, threshold, () => ordinary(drawing));
    }).sort((a, b) => a - b);
    expect(lengths[10]).toBeGreaterThan(100);
  });

  it('names the tools that carry the statistic, and stays finite for ever', () => {
    const watch = (count: number, session: () => SessionStatistics): ReturnType<typeof watchSession> => {
      let step = watchSession(reference, noDrift, session());
      for (let further = 1; further < count; further += 1) step = watchSession(reference, step.state, session());
      return step;
    };
    const few = watch(10, () => ({ ...ordinary(random), tools: ['desk/read', 'desk/write', 'web/post'] }));
    expect(few.tools[0]).toMatchObject({ tool: '(unfamiliar)', share: 0 });
    const many = watch(3_000, () => ({ ...ordinary(random), tools: ['web/post'], calls: 500 }));
    expect(Number.isFinite(many.statistic)).toBe(true);
    expect(many.state.sessions).toBe(3_000);
  });
});

it('a row of the query becomes statistics, absent figures staying absent', () => {
  const row = { session: 's', calls: 4, writes: 1, errors: 2, tools: ['a/b'], mean_surprise: null, log_duration_mean: 3.5 };
  expect(sessionStatisticsOf(row)).toEqual({ session: 's', calls: 4, writeShare: 0.25, errorRate: 0.5, meanSurprise: undefined, logDuration: 3.5, tools: ['a/b'] });
});
