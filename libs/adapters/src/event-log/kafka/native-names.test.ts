/** Names imported from the clients of outside engines exist for Node's own loader, not only for the tests' one, which is more lenient. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.includes('.test.'));

/** Values that are imported by name; types are gone before Node looks. */
function namesFrom(client: string): readonly string[] {
  const named = new RegExp(`^import \\{([^}]*)\\} from '${client}';$`, 'gm');
  const lists = sources.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(named)].map(([, list]) => list ?? ''));
  return [...new Set(lists.flatMap((list) => list.split(',').map((name) => name.trim())).filter((name) => name !== '' && !name.startsWith('type ')))];
}

it.each(['kafkajs', 'ioredis', 'bullmq'])('every value imported from %s by name is there', (client) => {
  const wanted = namesFrom(client);
  expect(wanted.length).toBeGreaterThan(0);
  const there: unknown = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', `console.log(JSON.stringify(Object.keys(await import('${client}'))))`], { cwd: root, encoding: 'utf8' }));
  expect(there).toEqual(expect.arrayContaining([...wanted]));
});
