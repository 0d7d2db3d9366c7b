/** What the compose file names must be there, and every image must be pinned. Whether it starts is not tested here. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const dockerfile = readFileSync(join(root, 'infra/docker/Dockerfile'), 'utf8');

it('every file that is mounted or built from exists', () => {
  const mounted = [...compose.matchAll(/- (\.\/[^:]+):/g)].map(([, file]) => String(file));
  const built = [...compose.matchAll(/dockerfile: ([^ }]+)/g)].map(([, file]) => String(file));
  expect(mounted.length).toBeGreaterThan(2);
  expect([...mounted, ...built].filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it('every image names a version', () => {
  const images = [...compose.matchAll(/image: (\S+)/g), ...dockerfile.matchAll(/FROM (\S+)/g)].map(([, image]) => String(image));
  expect(images.length).toBe(4);
  for (const image of images) expect(image).toMatch(/:\d+\.\d+/);
});

it('every door opens on loopback only', () => {
  for (const [, port] of compose.matchAll(/ports: \["([^"]+)"/g)) expect(port).toMatch(/^127\.0\.0\.1:/);
});

it('the users, passwords and board that one part names are those another brings', () => {
  const users = readFileSync(join(root, 'infra/clickhouse/users.d/countersign.xml'), 'utf8');
  const datasource = readFileSync(join(root, 'dashboards/provisioning/datasources/countersign.yaml'), 'utf8');
  for (const name of ['CLICKHOUSE_USER: (\\w+)', 'CLICKHOUSE_READ_USER: (\\w+)']) expect(users).toContain(`<${new RegExp(name).exec(compose)?.[1]}>`);
  for (const [, name] of users.matchAll(/from_env="(\w+)"/g)) expect(compose).toContain(`${name}: \${${name}:?`);
  expect(datasource).toContain(`username: ${/CLICKHOUSE_READ_USER: (\w+)/.exec(compose)?.[1]}`);
  expect(readFileSync(join(root, 'dashboards/0-now.json'), 'utf8')).toContain('grafana-clickhouse-datasource');
});
