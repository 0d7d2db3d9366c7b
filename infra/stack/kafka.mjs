/**
 * A real Apache Kafka on loopback, from its own published artefacts: no container, no download page.
 * Needs Java 17 or newer, and Maven the first time (the jars are then kept in the user's cache folder).
 * KA1. Data, configuration and log lie under `dir`; nothing else is written but the cache.
 * KA2. With three nodes a topic of replication 3 survives the loss of one: `min.insync.replicas` is 2 then.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { cacheDir, freePorts, isInstalled, startEngine } from './engine.mjs';

export const kafkaVersion = '4.4.0';
const pom = join(dirname(fileURLToPath(import.meta.url)), '..', 'kafka', 'pom.xml');
const run = promisify(execFile);
const clusterId = 'Y291bnRlcnNpZ24ta2Fma2E';
const readyMsMax = 60_000;
const installMsMax = 300_000;

/**
 * @param {{dir: string, nodes?: 1 | 3}} options
 * @returns {Promise<{brokers: string[], kill(node?: number): Promise<void>, restart(node?: number): Promise<void>, stop(): Promise<void>}>}
 */
export async function startKafka({ dir, nodes = 1 }) {
  const libs = await kafkaLibs();
  const ports = await freePorts(2 * nodes);
  const ids = Array.from({ length: nodes }, (_, index) => index + 1);
  const places = ids.map((id) => ({ id, dir: join(dir, `kafka-${id}`), port: ports[2 * id - 2], controllerPort: ports[2 * id - 1] }));
  await Promise.all(places.map((place) => format({ libs, place, places })));
  const started = await Promise.allSettled(places.map((place) => startNode({ libs, place })));
  const engines = started.flatMap(({ value }) => value ?? []);
  const failed = started.find(({ status }) => status === 'rejected');
  const brokers = places.map(({ port }) => `127.0.0.1:${port}`);
  const stop = () => Promise.all(engines.map((engine) => engine.stop())).then(() => undefined);
  try {
    if (failed) throw failed.reason;
    await untilServing(brokers, nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers,
    kill: (node = 1) => engines[node - 1].kill(),
    async restart(node = 1) {
      await engines[node - 1].restart();
      await untilServing([brokers[node - 1]], 1);
    },
    stop,
  };
}

/** The folder with the broker's jars; fetched through Maven's ordinary client when it is not there yet. */
async function kafkaLibs() {
  if (!isInstalled('java')) throw new Error('Kafka cannot be started here: Java is missing. Install Java 17 or newer (Debian: apt-get install default-jre-headless) and try again.');
  const libs = join(cacheDir(), `kafka-${kafkaVersion}`);
  if (existsSync(libs)) return libs;
  if (!isInstalled('mvn')) throw new Error(`Kafka ${kafkaVersion} cannot be fetched: Maven is missing. Install it (Debian: apt-get install maven) and try again; it is needed once.`);
  const part = `${libs}.${process.pid}`;
  mkdirSync(part, { recursive: true });
  try {
    await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${part}`], { timeout: installMsMax });
    // Whoever was first has the same jars.
    if (!existsSync(libs)) renameSync(part, libs);
  } catch (error) {
    throw new Error(`Kafka ${kafkaVersion} could not be fetched by Maven; nothing was installed: ${String(error.stdout ?? error.message).slice(0, 1_000)}`, { cause: error });
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return libs;
}

async function format({ libs, place, places }) {
  mkdirSync(place.dir, { recursive: true });
  writeFileSync(join(place.dir, 'server.properties'), properties(place, places));
  if (existsSync(join(place.dir, 'data')) && readdirSync(join(place.dir, 'data')).length > 0) return;
  await run('java', ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', join(libs, '*'), 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', join(place.dir, 'server.properties')], { timeout: readyMsMax, cwd: place.dir });
}

function startNode({ libs, place }) {
  const heap = ['-Xms256m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return startEngine({
    name: 'kafka', dir: place.dir, command: 'java', args: [...heap, '-cp', join(libs, '*'), 'kafka.Kafka', join(place.dir, 'server.properties')],
    isReady: () => accepts(place.port), readyMsMax,
  });
}

function properties({ id, dir, port, controllerPort }, places) {
  const copies = places.length;
  return Object.entries({
    'process.roles': 'broker,controller', 'node.id': id, 'log.dirs': join(dir, 'data'),
    'controller.quorum.voters': places.map((place) => `${place.id}@127.0.0.1:${place.controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT', 'controller.listener.names': 'CONTROLLER',
    'auto.create.topics.enable': false, 'default.replication.factor': copies, 'min.insync.replicas': Math.min(2, copies),
    'offsets.topic.replication.factor': copies, 'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': copies, 'transaction.state.log.min.isr': 1, 'share.coordinator.state.topic.replication.factor': copies, 'share.coordinator.state.topic.min.isr': 1,
    // A group forms at once, and a member or broker that died is noticed in two or three seconds instead of ten.
    'group.initial.rebalance.delay.ms': 0, 'group.min.session.timeout.ms': 2_000, 'broker.session.timeout.ms': 2_000, 'broker.heartbeat.interval.ms': 500,
  }).map(([name, value]) => `${name}=${value}\n`).join('');
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isOpen) => () => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}

/** A broker that accepts connections may still be unknown to its controller; then it cannot hold a topic yet. */
async function untilServing(brokers, count) {
  const untilMs = performance.now() + readyMsMax;
  let last = new Error('it was not asked');
  while (performance.now() < untilMs) {
    const admin = new Kafka({ brokers, clientId: 'countersign-stack', logLevel: logLevel.NOTHING, connectionTimeout: 1_000, requestTimeout: 3_000, retry: { retries: 1, initialRetryTime: 50 } }).admin();
    try {
      await admin.connect();
      const known = await admin.describeCluster();
      if (known.brokers.length >= count) return;
      last = new Error(`${known.brokers.length} of ${count} brokers are known`);
    } catch (error) {
      last = error;
    } finally {
      await admin.disconnect();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Kafka accepted connections but did not serve within ${readyMsMax} ms: ${last.message}.`);
}
