#!/usr/bin/env node
/**
 * Which requirements are proven, and by which tests: a test proves the ids it names in brackets, `[T19]`, `[P4, A3]`.
 * `--json` prints rows; `--strict` fails when one is cited by no test, and an id that is cited but unknown always fails.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const requirements = JSON.parse(readFileSync(join(here, 'requirements.json'), 'utf8'));
const idPattern = /^((T|P|A)\d+|AARM-R\d+\.\d+)$/;

function* testFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (['node_modules', 'dist', '.git', '.nx'].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* testFiles(path);
    else if (/(\.test\.tsx?|conformance\.ts)$/.test(entry.name)) yield path;
  }
}

function citations() {
  const found = new Map();
  for (const file of ['apps', 'libs', 'infra'].flatMap((folder) => [...testFiles(join(root, folder))])) {
    for (const [, title] of readFileSync(file, 'utf8').matchAll(/(?:\b(?:it|test|describe)(?:\.each\([^)]*\))?\(\s*|\bsentence: )[`'"](.*?)[`'"]\s*,/g)) {
      for (const [, ids] of title.matchAll(/\[([^\]]+)\]/g)) {
        for (const id of ids.split(/[,\s]+/).filter((word) => idPattern.test(word))) {
          found.set(id, [...(found.get(id) ?? []), `${relative(root, file)}: ${title}`]);
        }
      }
    }
  }
  return found;
}

const cited = citations();
const unknown = [...cited.keys()].filter((id) => !(id in requirements));
const rows = Object.entries(requirements).map(([id, sentence]) => ({ id, sentence, proven: cited.has(id), tests: cited.get(id) ?? [] }));
const open = rows.filter((row) => !row.proven);

if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2));
else {
  for (const row of rows) console.log(`${row.proven ? '✓' : '·'} ${row.id.padEnd(4)} ${row.sentence}${row.proven ? ` (${row.tests.length})` : ''}`);
  console.log(`\n${rows.length - open.length} of ${rows.length} cited by a test`);
}
if (unknown.length > 0) console.error(`cited but unknown: ${unknown.join(', ')}`);
process.exit(unknown.length > 0 || (process.argv.includes('--strict') && open.length > 0) ? 1 : 0);
