/**
 * A broker that lets nobody in without TLS and a password: for tests of the settings people run in production.
 * SB1. Its authority and its certificate are made here, for this run, and lie under `dir`; `openssl` makes them.
 * SB2. Users exist for PLAIN and for both SCRAM mechanisms, with the same password.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts, isInstalled, startEngine } from '../../stack/engine.mjs';
import { kafkaJars } from './kafka-tool.mjs';

const run = promisify(execFile);
const readyMsMax = 60_000;
const clusterId = 'Y291bnRlcnNpZ24ta2Fma2E';

/**
 * @param {{dir: string, username: string, password: string}} options
 * @returns {Promise<{brokers: string[], ca: string, stop(): Promise<void>}>} `ca` is the authority's certificate, PEM.
 */
export async function startSecuredKafka({ dir, username, password }) {
  if (!isInstalled('openssl', ['version'])) throw new Error('A broker with TLS cannot be started here: openssl is missing. Install it (Debian: apt-get install openssl) and try again.');
  mkdirSync(dir, { recursive: true });
  const [libs, [port, plainPort, controllerPort], { ca, keystore }] = await Promise.all([kafkaJars(), freePorts(3), certificates(dir)]);
  const file = join(dir, 'server.properties');
  writeFileSync(file, properties({ dir, port, plainPort, controllerPort, keystore, username, password }), { mode: 0o600 });
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]);
  await run('java', ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', join(libs, '*'), 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, ...scram], { timeout: readyMsMax, cwd: dir });
  const engine = await startEngine({
    name: 'kafka', dir, command: 'java', args: ['-Xms256m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(libs, '*'), 'kafka.Kafka', file], isReady: () => accepts(port), readyMsMax,
  });
  return { brokers: [`127.0.0.1:${port}`], ca, stop: () => engine.stop() };
}

async function certificates(dir) {
  const at = (name) => join(dir, name);
  const openssl = (...args) => run('openssl', args, { timeout: readyMsMax, cwd: dir });
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '2', '-subj', '/CN=countersign test authority');
  await openssl('req', ...key, '-keyout', at('broker.key'), '-out', at('broker.csr'), '-subj', '/CN=127.0.0.1');
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  await openssl('x509', '-req', '-in', at('broker.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-out', at('broker.pem'), '-days', '2', '-extfile', at('names'));
  const keystore = at('keystore.pem');
  writeFileSync(keystore, ['broker.key', 'broker.pem', 'ca.pem'].map((name) => readFileSync(at(name), 'utf8')).join(''), { mode: 0o600 });
  return { ca: readFileSync(at('ca.pem'), 'utf8'), keystore };
}

function properties({ dir, port, plainPort, controllerPort, keystore, username, password }) {
  return Object.entries({
    'process.roles': 'broker,controller', 'node.id': 1, 'log.dirs': join(dir, 'data'), 'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `SECURED://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${plainPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `SECURED://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${plainPort}`,
    'listener.security.protocol.map': 'SECURED:SASL_SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT', 'controller.listener.names': 'CONTROLLER', 'inter.broker.listener.name': 'PLAINTEXT',
    'ssl.keystore.type': 'PEM', 'ssl.keystore.location': keystore,
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secured.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
    'listener.name.secured.scram-sha-256.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.secured.scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'auto.create.topics.enable': false, 'offsets.topic.replication.factor': 1, 'offsets.topic.num.partitions': 1, 'transaction.state.log.replication.factor': 1, 'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1, 'share.coordinator.state.topic.min.isr': 1, 'group.initial.rebalance.delay.ms': 0, 'group.min.session.timeout.ms': 2_000,
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
