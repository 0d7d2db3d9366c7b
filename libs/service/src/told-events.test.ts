/** The table of metrics against the sources of the services: a row whose event nobody tells is a board that stays empty. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { metricRows } from './metric-rows.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Programs that run beside a service, without its registry. */
const outside = /^apps[\\/](tap|cli|demo|lab)[\\/]/;

const sources = ['libs', 'apps'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => /[\\/]src[\\/].*\.ts$/.test(file) && !/node_modules|\.test\.ts$|[\\/]testing|metric-rows\.ts$/.test(file))
    .map((file) => join(top, file))
    .filter((file) => !outside.test(file))
    .map((file) => readFileSync(join(root, file), 'utf8')),
);

const needed = new Map<string, Set<string>>();
for (const { event, labels, field } of metricRows) {
  const fields = needed.get(event) ?? new Set<string>();
  for (const name of [...Object.values(labels).filter((source) => !source.startsWith('=')), ...(field === undefined ? [] : [field])]) fields.add(name);
  needed.set(event, fields);
}

describe('the events that feed metrics', () => {
  it.each([...needed])('%s is told by a service, with its fields', (event, fields) => {
    const tellers = sources.filter((text) => text.includes(`'${event}'`) && text.includes('fields'));
    const missing = (text: string): readonly string[] => [...fields].filter((field) => !new RegExp(`\\b${field}\\b`).test(text));
    const least = tellers.map(missing).sort((a, b) => a.length - b.length)[0];
    expect(least ?? 'nobody tells it').toEqual([]);
  });
});
