import { expect, it } from 'vitest';
import { impactLabels, labelRules, scored, type ImpactLabel } from './impact-accuracy.js';

it('at least three hundred tools carry a label, each once, each with the rule that made it', () => {
  const labels = impactLabels();
  expect(labels.length).toBeGreaterThanOrEqual(300);
  expect(new Set(labels.map(({ server, tool }) => `${server}\0${tool}`)).size).toBe(labels.length);
  expect(labels.filter(({ rule }) => !(rule in labelRules))).toEqual([]);
});

it('one rule makes one class', () => {
  const classes = new Map<string, Set<string>>();
  for (const { rule, impact } of impactLabels()) classes.set(rule, (classes.get(rule) ?? new Set()).add(impact));
  expect([...classes].filter(([, impacts]) => impacts.size !== 1)).toEqual([]);
});

it('counts milder and worse guesses apart, and tells which tools had no definition', () => {
  const label = (tool: string, impact: ImpactLabel['impact']): ImpactLabel => ({ server: 's', tool, impact, rule: 'looks-only' });
  const definitions = new Map(['get_a', 'delete_b', 'get_c'].map((name) => [`s\0${name}`, { name, description: '', inputSchema: {} }]));
  const accuracy = scored([label('get_a', 'read'), label('delete_b', 'write'), label('get_c', 'egress'), label('gone', 'read')], definitions);
  expect(accuracy).toMatchObject({ labels: 4, missing: 1, milder: { part: 1, whole: 3 }, worse: { part: 1, whole: 3 } });
  expect(accuracy.wrong.map(({ tool }) => tool)).toEqual(['delete_b', 'get_c']);
});
