/**
 * The distributed profile on one machine: engines, topics, keys, and every service as a process of its own.
 * ST1. Everything lies under one folder: data, settings, logs, keys; a second start on it goes on where the first ended.
 * ST2. It is whole when `startStack` resolves; when it cannot be, what had started is stopped again and the reason is told.
 * ST3. Stopping goes from the outside in: gate and console, the stages, the engines; nothing is left running.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startKafka } from './kafka.mjs';
import { startRedis } from './redis.mjs';
import { nodeProgram, program, serviceNames, startService } from './services.mjs';

const run = promisify(execFile);
const clickHouseNames = ['CLICKHOUSE_USER', 'CLICKHOUSE_PASSWORD', 'CLICKHOUSE_READ_USER', 'CLICKHOUSE_READ_PASSWORD'];
/** Stopped in this order: what faces outwards first, so that what is in hand finds its way through. */
const stopOrder = ['gate', 'console', 'detect', 'judge', 'approve', 'record'];

/**
 * @param {{dir: string, consolePort?: number, policyFile?: string, nodes?: 1 | 3, copies?: Record<string, number>, domain?: string, say?: (line: string) => void}} options
 *   `consolePort` 0 takes a free one; `policyFile` replaces the stack's own policy; `copies`: how many of a service, 1 by default.
 */
export async function startStack({ dir, consolePort = 0, policyFile, nodes = 1, copies = {}, domain = 'local', say = () => undefined }) {
  if (!existsSync(program)) throw new Error('Nothing is built yet; run npm run build first.');
  const undo = [];
  const unwind = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const paths = pathsOf(dir);
    if (policyFile !== undefined) copyFileSync(policyFile, paths.policy);
    const engines = await startEngines({ dir, nodes, undo, say });
    writeFileSync(paths.config, settingsOf({ paths, engines, consolePort, domain }), { mode: 0o600 });
    if (!existsSync(join(paths.keys, 'seal.pem'))) await countersign(['keys', '--dir', paths.keys]);
    await countersign(['topics', '--config', paths.config]);
    say('the services');
    const services = await startServices({ paths, copies, undo });
    const facts = await factsOf({ dir, paths, engines, services, domain });
    writeFileSync(paths.facts, `${JSON.stringify(facts, null, 1)}\n`, { mode: 0o600 });
    undo.push(() => rmSync(paths.facts, { force: true }));
    return { facts, services, kafka: engines.kafka, redis: engines.redis, stop: unwind };
  } catch (error) {
    await unwind();
    throw error;
  }
}

function pathsOf(dir) {
  const data = join(dir, 'data');
  const logs = join(dir, 'logs');
  for (const folder of [dir, data, logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { data, logs, keys: join(data, 'keys'), policy: join(data, 'policy.yaml'), config: join(dir, 'stack.yaml'), facts: join(dir, 'stack.json') };
}

async function startEngines({ dir, nodes, undo, say }) {
  say(`Kafka (${nodes === 1 ? 'one broker' : `${nodes} brokers`}), Redis, ClickHouse`);
  const folder = (name) => {
    mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
    return join(dir, name);
  };
  // Whatever has started is stopped, also when a sibling failed.
  const started = await Promise.allSettled([startKafka({ dir: folder('kafka'), nodes }), startRedis({ dir: folder('redis') }), startClickHouse(folder('clickhouse'))]);
  for (const { value } of started) if (value !== undefined) undo.push(() => value.stop());
  const failed = started.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  const [kafka, redis, clickHouse] = started.map(({ value }) => value);
  return { kafka, redis, clickHouse };
}

/** The server that `CLICKHOUSE_URL` names, or the embedded engine on a port of its own. */
async function startClickHouse(dir) {
  const { CLICKHOUSE_URL: url, CLICKHOUSE_DATABASE: database = 'countersign' } = process.env;
  if (url) {
    const [username, password, readUsername, readPassword] = clickHouseNames.map((name) => process.env[name]);
    if ([username, password, readUsername, readPassword].includes(undefined)) throw new Error(`CLICKHOUSE_URL is set, so ${clickHouseNames.join(', ')} must be too.`);
    return { settings: { url, username, password, readUsername, readPassword, database }, stop: async () => undefined };
  }
  const { startEngine } = await import('@countersign/adapters/history-store/engine');
  const engine = await startEngine({ dir, log: () => undefined });
  const { url: own, username, password, readUsername, readPassword, database: ownDatabase } = engine;
  return { settings: { url: own, username, password, readUsername, readPassword, database: ownDatabase }, stop: () => engine.stop() };
}

/** JSON is YAML. */
function settingsOf({ paths, engines, consolePort, domain }) {
  const settings = {
    profile: 'distributed', dataDir: paths.data, domain, policyFile: existsSync(paths.policy) ? paths.policy : undefined,
    kafka: { brokers: engines.kafka.brokers, sessionSeconds: 3 },
    redis: { url: engines.redis.url },
    clickHouse: engines.clickHouse.settings,
    console: { port: consolePort },
  };
  return `${JSON.stringify(settings, null, 1)}\n`;
}

async function startServices({ paths, copies, undo }) {
  const wanted = serviceNames.flatMap((name) => Array.from({ length: copies[name] ?? 1 }, (_, index) => ({ name, as: (copies[name] ?? 1) === 1 ? name : `${name}-${index + 1}` })));
  const started = await Promise.allSettled(wanted.map(({ name, as }) => startService({ name, as, dir: paths.logs, config: paths.config })));
  const services = started.flatMap(({ value }) => value ?? []);
  undo.push(async () => {
    for (const kind of stopOrder) await Promise.all(services.filter((service) => service.kind === kind).map((service) => service.stop()));
  });
  const failed = started.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return services;
}

async function factsOf({ dir, paths, engines, services, domain }) {
  return {
    pid: process.pid, id: randomBytes(8).toString('hex'), dir, config: paths.config, dataDir: paths.data, policyFile: paths.policy, domain,
    brokers: engines.kafka.brokers, redisUrl: engines.redis.url, clickHouse: engines.clickHouse.settings,
    services: services.map(({ name, kind, url, log }) => ({ name, kind, url, log })),
  };
}

async function countersign(args) {
  try {
    await run(nodeProgram(), [program, ...args]);
  } catch (error) {
    throw new Error(`countersign ${args[0]} failed: ${String(error.stderr || error.message).slice(0, 2_000)}`, { cause: error });
  }
}
