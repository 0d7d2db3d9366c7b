import { describe, expect, it } from 'vitest';
import { fittedFusion, marginOf, type FusionRun, type Lanes } from './fit-fusion.js';
import { artefactsFrom, type PlayedRun } from './train-file.js';
import { seeded } from './seeded.js';

const lanes: Lanes = { a: { bias: -2, threshold: 0, weights: { gvo: 2, g_imp: 3 } }, b: { bias: -2, threshold: 0, weights: { gvo: 2 } } };
const benign = (n: number, evidence: Record<string, number> = {}): FusionRun[] => Array.from({ length: n }, () => ({ kind: 'benign', isHijack: false, calls: [{ crit: false, evidence: { gvo: 0.2, ...evidence } }] }));
const hijacks = (n: number, evidence: Record<string, number>): FusionRun[] => Array.from({ length: n }, () => ({ kind: 'attacked', isHijack: true, calls: [{ crit: true, evidence }, { crit: false, evidence: { gvo: 9 } }] }));

describe('fusing', () => {
  it('a margin without the mood of sentences is the better lane without it', () => {
    expect(marginOf({ gvo: 0.5, g_imp: 1 }, lanes, false)).toBe(2);
    expect(marginOf({ gvo: 0.5, g_imp: 1 }, lanes, true)).toBe(-1);
  });

  it('gives the target rule weight only where lanes miss what it sees, and no more than that needs', () => {
    const seen = fittedFusion([...benign(200), ...hijacks(100, { gvo: 1.2, g_imp: 1, target: 1 })], { lanes, touchedPercent: 3, isKnown: true });
    const needed = fittedFusion([...benign(200), ...hijacks(100, { gvo: 0.7, target: 1 })], { lanes, touchedPercent: 3, isKnown: true });
    expect(seen.weights).toEqual({ margin: 1, target: 0, surprise: 0, suspect: 0 });
    expect(needed.weights).toEqual({ margin: 1, target: 1, surprise: 0, suspect: 0 });
    expect([needed.stopped, needed.stoppedHidden, needed.touched]).toEqual([1, 1, 0]);
  });

  it('evidence that benign runs carry as often gets no weight', () => {
    const runs = [...benign(100), ...benign(100, { surprise: 1, suspect: 1 }), ...hijacks(100, { gvo: 2, surprise: 1, suspect: 1 })];
    expect(fittedFusion(runs, { lanes, touchedPercent: 3, isKnown: true }).weights).toMatchObject({ surprise: 0, suspect: 0 });
  });

  it('an order that an attacker hides is not counted on', () => {
    const found = fittedFusion([...benign(200), ...hijacks(100, { gvo: 0.7, g_imp: 1, suspect: 1 })], { lanes, touchedPercent: 3, isKnown: true });
    expect([found.stopped, found.stoppedHidden]).toEqual([1, 0]);
  });
});

describe('training', () => {
  const random = seeded(4);
  const runs: PlayedRun[] = Array.from({ length: 60 }, (_, n) => {
    const isHijack = n % 3 === 0;
    const evidence = { gate: 1, gvo: isHijack ? 0.6 + 0.4 * random() : 0.5 * random(), gu: random(), e_new_r: isHijack ? 1 : 0 };
    return { kind: isHijack ? 'attacked' : 'benign', isHijack, tools: ['send'], calls: [{ crit: isHijack, evidence }], about: { id: `r${n}`, suite: 'workspace', kind: isHijack ? 'attacked' : 'benign', task: `t${n % 9}`, injection: isHijack ? 'i' : null, attack: isHijack ? 'x' : null } };
  });

  it('is the same for the same rows, reads no row of a development suite, and has no negative weight', () => {
    const of = { version: '9', seed: 4, fittedOn: { traces: 'ab'.repeat(32) } };
    const once = artefactsFrom({ task: runs, noTask: runs }, of);
    const foreign = runs.map((run) => ({ ...run, about: { ...run.about, suite: 'travel' }, calls: run.calls.map((call) => ({ ...call, evidence: { gate: 1, xcov: 99 } })) }));
    expect(artefactsFrom({ task: [...runs, ...foreign], noTask: runs }, of)).toEqual(once);
    expect(Object.values(once.callScore.task.known.a.weights).every((weight) => weight >= 0)).toBe(true);
    expect(once.fusion.metrics['task, known: hijacks stopped']).toBeGreaterThan(0.9);
  });
});
