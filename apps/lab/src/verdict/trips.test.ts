import { expect, it } from 'vitest';
import { places, Trips } from './trips.js';

const id = 'lab-0/1/2';

it('says what lies between the places, and counts a join complete at its last finding', () => {
  const trips = new Trips();
  for (const [index, place] of places.entries()) trips.pass(place === 'begun' ? id : `${id}/behaviour/0`, place, index * 10);
  trips.pass(`${id}/provenance/0`, 'judgeHasAll', 45);
  trips.pass(id, 'begun', 99);
  const { p50Ms, hops, parts, late } = trips.figures([id]);
  expect({ p50Ms, hops: hops.p50Ms, late }).toEqual({ p50Ms: 60, hops: 20 + 15 + 10, late: 0 });
  expect(parts.map((part) => part.p50Ms)).toEqual([20, 10, 15, 5, 10]);
});

it('keeps a call judged at its deadline in the totals, and says that it was late', () => {
  const trips = new Trips();
  trips.pass(id, 'begun', 0);
  trips.pass(`${id}/verdict`, 'seen', 30_000);
  expect(trips.figures([id])).toMatchObject({ trips: 1, late: 1, p50Ms: 30_000 });
});

it('gives no figures when a call has no verdict', async () => {
  const trips = new Trips();
  trips.pass(id, 'begun', 0);
  expect(() => trips.figures([id])).toThrow(/never answered/);
  await expect(trips.seen(1, 20)).rejects.toThrow(/0 of 1 verdicts/);
});
