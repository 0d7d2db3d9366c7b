import { describe, expect, it } from 'vitest';
import { disguised, encodings } from './disguise.js';
import { fuzzProvenance } from './fuzz-provenance.js';
import { graphOf } from './graph.js';
import { laundering, mergedLaundering, shownLaundering } from './laundering.js';
import { leaks, oversteps } from './oracle.js';
import { graphsPerDomain } from './play.js';
import { seeded } from '../train/seeded.js';

const seed = 20_260_602;

describe(`delegation graphs (seed ${seed})`, () => {
  it('none launders a value, a quoted text or a permission, in any disguise and on any way, and nobody is refused without cause', async () => {
    const report = await laundering({ graphs: 640, seed });
    const { paraphrase, ...covered } = report.leaks;
    for (const [how, { ought, through }] of Object.entries(covered)) expect({ how, through, some: ought > 0 }).toEqual({ how, through: 0, some: true });
    expect(report.capability.through).toBe(0);
    expect(report.capability.ought).toBeGreaterThan(200);
    expect(report.harmless.refused).toBe(0);
    expect(report.harmless.calls).toBeGreaterThan(200);
    expect(paraphrase?.ought).toBeGreaterThan(5);
  }, 120_000);

  it('a run in parts is the run', async () => {
    const whole = await laundering({ graphs: 4 * graphsPerDomain, seed });
    const parts = [await laundering({ graphs: graphsPerDomain, seed }), await laundering({ graphs: 3 * graphsPerDomain, seed, from: graphsPerDomain })];
    expect(mergedLaundering(parts)).toEqual(whole);
    expect(shownLaundering(whole).join('\n')).toContain(`${4 * graphsPerDomain} graphs from seed ${seed}`);
  }, 60_000);

  it('the oracle tells calls that leak or overstep from those that do not, by the books alone', () => {
    const ledger = { label: 'ledger', wasPublic: false } as const;
    const finance = { name: 'a', role: 'finance' };
    const desk = { name: 'b', role: 'desk' };
    expect(leaks({ carries: [ledger], actors: [finance], server: 'mail', tool: 'send_email' })).toBe(false);
    expect(leaks({ carries: [ledger], actors: [finance, desk], server: 'mail', tool: 'send_email' })).toBe(true);
    expect(leaks({ carries: [{ ...ledger, wasPublic: true }], actors: [desk], server: 'mail', tool: 'send_email' })).toBe(false);
    expect(oversteps({ carries: [], actors: [desk], server: 'bank', tool: 'transfer' })).toBe(true);
    expect(oversteps({ carries: [], actors: [finance], server: 'bank', tool: 'transfer' })).toBe(false);
  });

  it('the same seed makes the same graph, and a disguise is not the value', () => {
    expect(graphOf(seeded(seed), 'x')).toEqual(graphOf(seeded(seed), 'x'));
    for (const encoding of encodings.filter((name) => name !== 'plain')) expect(disguised('pay.4477@counter.example', encoding)).not.toBe('pay.4477@counter.example');
  });
});

describe(`provenance under strange input (seed ${seed})`, () => {
  it('answers, throws never, and quotes only what stands at the place it names', async () => {
    const { failures, findings, spans } = await fuzzProvenance({ inputs: 4_096, seed });
    expect(failures).toEqual([]);
    expect(spans).toBeGreaterThan(200);
    expect(Object.keys(findings)).toEqual(expect.arrayContaining(['nothing', 'sources', 'flow-to-sink', 'recalled-source', 'tainted-target', 'capability', 'label-read']));
  }, 120_000);
});
