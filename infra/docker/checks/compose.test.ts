/** `docker-compose.yml` against the specification and against what it names. No container is started here. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../../libs/service/src/config/read-config.js';
import { loadGrantPublicKey, loadKey } from '../../../libs/service/src/keys.js';
import { mountOf, readCompose, type ComposeService } from './compose-schema.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const composeText = text('docker-compose.yml');
const compose = readCompose(composeText);
const services = Object.entries(compose.services);
const own = services.filter(([, { image }]) => image.startsWith('countersign:'));
const apps = own.filter(([, { environment }]) => environment?.['COUNTERSIGN_PROFILE'] !== undefined);

const scratch = mkdtempSync(join(tmpdir(), 'countersign-compose-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
cpSync(join(root, 'infra/docker/make-secrets.sh'), join(scratch, 'make-secrets.sh'));
const makeSecrets = (): void => void execFileSync('sh', [join(scratch, 'make-secrets.sh')]);

describe('the compose file', () => {
  it('is what the specification allows, and a member it does not know is found', () => {
    expect(services.length).toBeGreaterThan(12);
    expect(() => readCompose(composeText.replace('stop_grace_period', 'stop_grace_perod'))).toThrow(/stop_grace_perod/);
    expect(() => readCompose(composeText.replace('condition: service_healthy', 'condition: service_healty'))).toThrow();
  });

  it('names services, volumes, networks and secrets that it declares, and declares none for nothing', () => {
    const used = { volumes: new Set<string>(), networks: new Set<string>(), secrets: new Set<string>() };
    for (const [, service] of services) {
      for (const { source, isBind } of (service.volumes ?? []).map(mountOf)) if (!isBind) used.volumes.add(source);
      for (const network of service.networks ?? []) used.networks.add(network);
      for (const secret of service.secrets ?? []) used.secrets.add(secret);
      for (const other of Object.keys(service.depends_on ?? {})) expect(compose.services, other).toHaveProperty([other]);
    }
    for (const kind of ['volumes', 'networks'] as const) expect([...used[kind]].sort()).toEqual(Object.keys(compose[kind]).sort());
    expect([...used.secrets].sort()).toEqual(Object.keys(compose.secrets).sort());
  });

  it('waits only for what can happen: health where it is checked, an end where the service ends', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition, required }] of Object.entries(depends_on)) {
        const target = compose.services[other] as ComposeService;
        if (condition === 'service_healthy') expect('disable' in target.healthcheck, `${name} waits for ${other}`).toBe(false);
        if (condition === 'service_completed_successfully') expect(target.restart, `${name} waits for ${other}`).toBe('no');
        expect(target.profiles === undefined || required === false || compose.services[name]?.profiles !== undefined, `${name} needs ${other}`).toBe(true);
      }
    }
  });

  it('names exact versions, and one image of ours', () => {
    const bases = [...text('infra/docker/Dockerfile').matchAll(/FROM (\S+:\S+)/g)].map(([, image]) => String(image));
    for (const image of [...services.map(([, { image }]) => image), ...bases]) expect(image).toMatch(/^[a-z0-9/._-]+:v?\d+\.\d+\.\d+(-[a-z]+(-[a-z]+)?)?$/);
    expect(new Set(own.map(([, { image }]) => image)).size).toBe(1);
    expect(own[0]?.[1].image).toBe(`countersign:${(JSON.parse(text('package.json')) as { version: string }).version}`);
  });

  it('lets nobody in but on loopback, and keeps engines and services from the outside', () => {
    for (const [name, { ports = [], networks = [] }] of services) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      if (ports.length > 0) expect(networks, name).toContain('doors');
      else expect(networks, name).not.toContain('doors');
    }
    expect(compose.networks['engines']).toEqual({ internal: true });
  });

  it('gives no container root, and ours nothing to write but what is mounted', () => {
    for (const [name, { user }] of services) expect(user.split(':')[0], name).not.toBe('0');
    for (const [name, service] of own) {
      expect(service.read_only, name).toBe(true);
      for (const { source, target } of (service.volumes ?? []).map(mountOf)) expect([source, target], name).toEqual([source, source === 'taps' ? '/run/countersign' : '/data']);
    }
  });

  it('keeps keys from taps: who serves an agent mounts no state and no secret', () => {
    const tap = compose.services['demo-tap'];
    expect([tap?.volumes, tap?.secrets, tap?.network_mode]).toEqual([['taps:/run/countersign'], undefined, 'none']);
  });

  it('mounts and builds from files that are there', () => {
    const binds = services.flatMap(([, { volumes = [] }]) => volumes.map(mountOf)).filter(({ isBind }) => isBind).map(({ source }) => source);
    const built = own.map(([, { build }]) => String(build?.dockerfile));
    const copied = [...text('infra/docker/Dockerfile').matchAll(/--from=pruned \/countersign\/(\S+)/g)].map(([, file]) => String(file));
    expect([...binds, ...built, ...copied].filter((file) => !existsSync(join(root, file)))).toEqual([]);
    for (const board of readdirSync(join(root, 'dashboards')).filter((file) => /^\d-.*\.json$/.test(file))) expect(composeText.includes(`./dashboards/${board}:`), board).toBe(true);
  });
});

describe('what the compose file hands to the services', () => {
  it('secrets are files that the script makes, once, closed to others', () => {
    makeSecrets();
    const made = (name: string): string => readFileSync(join(scratch, 'secrets', name), 'utf8');
    const before = Object.keys(compose.secrets).map(made);
    makeSecrets();
    expect(Object.keys(compose.secrets).map(made)).toEqual(before);
    expect(new Set(before).size).toBe(before.length);
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./infra/docker/secrets/${name}`);
      expect(statSync(join(scratch, 'secrets', name)).mode & 0o007, name).toBe(0);
    }
    for (const [name, { environment = {} }] of services) for (const key of Object.keys(environment)) if (/PASSWORD|SECRET|TOKEN/.test(key)) expect(key, name).toMatch(/_FILE$/);
  });

  it('keys are those the services take: the gate’s public half is of the key the console signs with', () => {
    makeSecrets();
    const containerUser = 1000;
    for (const name of ['seal.pem', 'grant.pem']) {
      const { mode, uid } = statSync(join(scratch, 'secrets', name));
      expect(mode & (uid === containerUser ? 0o077 : 0o037), name).toBe(0);
      // Here the owner reads them, not a container's user.
      chmodSync(join(scratch, 'secrets', name), 0o600);
    }
    expect(loadKey(join(scratch, 'secrets'), 'seal').publicKey).not.toBe(loadKey(join(scratch, 'secrets'), 'grant').publicKey);
    expect(loadGrantPublicKey(join(scratch, 'secrets'))).toBe(loadKey(join(scratch, 'secrets'), 'grant').publicKey);
    const holders = (secret: string): readonly string[] => services.filter(([, { secrets = [] }]) => secrets.includes(secret)).map(([name]) => name);
    expect([holders('seal.pem'), holders('grant.pem'), holders('grant.pub')]).toEqual([['gate'], ['console'], ['gate']]);
    for (const [, { environment = {} }] of apps) expect(environment['COUNTERSIGN_KEYS_DIR']).toBe('/run/secrets');
  });

  it.each(apps)('%s reads its settings as they stand here', (_name, { environment = {}, secrets = [] }) => {
    makeSecrets();
    const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value).replace(/^\/run\/secrets\//, `${scratch}/secrets/`)]));
    for (const value of Object.values(environment)) if (String(value).startsWith('/run/secrets/')) expect(secrets).toContain(String(value).slice('/run/secrets/'.length));
    const config = readConfig({ env });
    expect(config).toMatchObject({ profile: 'distributed', kafka: { brokers: ['kafka:9092'] }, clickHouse: { url: 'http://clickhouse:8123', username: 'countersign' }, health: { host: '0.0.0.0', port: 7_890 } });
    expect(config.redis?.url).toMatch(/^redis:\/\/:[0-9a-f]{48}@redis:6379$/);
  });

  it('each service’s command is one that the program has', () => {
    const commands = commandsOfTheProgram();
    expect(apps.map(([name]) => name).sort()).toEqual(['approve', 'console', 'detect', 'gate', 'judge', 'record']);
    for (const [name, { command = [], entrypoint }] of own) if (entrypoint === undefined) expect(commands, name).toContain(command[0]);
  });

  it('history’s users, Grafana’s source and the metrics’ jobs are those that the others bring', () => {
    const users = text('infra/clickhouse/users.d/countersign.xml');
    const { environment = {} } = compose.services['record'] as ComposeService;
    for (const key of ['COUNTERSIGN_CLICKHOUSE_USERNAME', 'COUNTERSIGN_CLICKHOUSE_READ_USERNAME']) expect(users).toContain(`<${environment[key]}>`);
    for (const [, name] of users.matchAll(/from_env="(\w+)"/g)) expect(compose.services['clickhouse']?.entrypoint?.[2]).toContain(`${name}="$$(cat /run/secrets/`);
    const [history, metrics] = (parse(text('dashboards/provisioning/datasources/countersign.yaml')) as { datasources: Record<string, unknown>[] }).datasources;
    expect(history).toMatchObject({ jsonData: { host: 'clickhouse', username: environment['COUNTERSIGN_CLICKHOUSE_READ_USERNAME'] }, secureJsonData: { password: '$__file{/run/secrets/clickhouse_reader}' } });
    expect(compose.services['grafana']?.secrets).toContain('clickhouse_reader');
    expect(metrics).toMatchObject({ type: 'prometheus', url: 'http://prometheus:9090' });
    const { scrape_configs: jobs } = parse(text('infra/docker/prometheus.yml')) as { scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[] };
    expect(jobs.map(({ job_name: job, dns_sd_configs: [found] }) => [job, found?.names, found?.port])).toEqual(apps.map(([name]) => [`countersign-${name}`, [name], Number(environment['COUNTERSIGN_HEALTH_PORT'])]));
  });
});

/** First words that `countersign` answers to, from the sources that register them. */
function commandsOfTheProgram(): readonly string[] {
  const folder = 'apps/cli/src/commands';
  const sources = [text('apps/cli/src/main.ts'), ...readdirSync(join(root, folder)).map((file) => text(`${folder}/${file}`))].join('\n');
  const literal = [...sources.matchAll(/\.command\('([a-z]+)/g)].map(([, name]) => String(name));
  const listed = [...sources.matchAll(/(?:stages|services|Stages) = \[([^\]]+)\]/g)].flatMap(([, names]) => [...String(names).matchAll(/'([a-z]+)'/g)].map(([, name]) => String(name)));
  return [...literal, ...listed];
}
