#!/usr/bin/env node
/**
 * Carries a tap's connections from a local socket to a gate on another machine, over TLS 1.3.
 *   node gate-tunnel.mjs --socket /run/countersign/gate.sock --gate gate.example.com:7443 [--ca ca.pem] [--name NAME]
 * GT1. The gate's certificate is checked, against --ca or the system's authorities, for the gate's host or --name; there is no way round it.
 * GT2. The socket is for this user alone. A stale one is replaced; one that answers is left alone, and so is any other file.
 * GT3. Bytes pass as they are, under back-pressure; when one side ends or fails, so does the other. It never tries again: the tap does.
 */
import { chmodSync, lstatSync, readFileSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { parseArgs } from 'node:util';

const handshakeMsMax = 5_000;
const connectionsMax = 1_024;
const say = (sentence) => process.stderr.write(`gate-tunnel: ${sentence}\n`);

function refuse(sentence) {
  say(sentence);
  process.exit(1);
}

function settings() {
  try {
    const { values } = parseArgs({ options: { socket: { type: 'string' }, gate: { type: 'string' }, ca: { type: 'string' }, name: { type: 'string' } }, strict: true });
    const [, host, port] = /^(.+):(\d{1,5})$/.exec(values.gate ?? '') ?? [];
    if (values.socket === undefined || host === undefined) return refuse('give --socket PATH and --gate HOST:PORT.');
    return { socket: values.socket, host, port: Number(port), servername: values.name ?? host, ca: values.ca === undefined ? undefined : readFileSync(values.ca, 'utf8') };
  } catch (error) {
    return refuse(error.message);
  }
}

function carry(local, { host, port, servername, ca }) {
  const remote = connectTls({ host, port, servername, minVersion: 'TLSv1.3', ...(ca !== undefined && { ca }) });
  const late = setTimeout(() => remote.destroy(new Error('it did not answer in five seconds')), handshakeMsMax);
  const done = (error) => {
    clearTimeout(late);
    if (error && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') say(`the gate ${host}:${port} cannot be reached or broke off: ${error.message}. Taps keep what they record and try again.`);
    local.destroy();
    remote.destroy();
  };
  remote.once('secureConnect', () => clearTimeout(late));
  // Until the handshake is over nothing of the tap is read: it waits in the kernel.
  remote.once('secureConnect', () => {
    pipeline(local, remote, done);
    pipeline(remote, local, done);
  });
  remote.once('error', done);
  local.once('error', done);
  local.once('close', () => remote.destroy());
}

function listen(server, path) {
  const mask = process.umask(0o177);
  server.listen(path, () => {
    process.umask(mask);
    chmodSync(path, 0o600);
    say(`listens at ${path}.`);
  });
}

function replaceStale(path, then) {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return then();
  if (!facts.isSocket()) return refuse(`${path} is a file of another kind; nothing was changed.`);
  const probe = connect(path);
  probe.once('connect', () => refuse(`somebody answers at ${path} already; nothing was changed.`));
  probe.once('error', () => {
    unlinkSync(path);
    then();
  });
}

const given = settings();
const server = createServer((local) => carry(local, given));
server.maxConnections = connectionsMax;
server.on('error', (error) => refuse(`it cannot listen at ${given.socket}: ${error.message}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));
process.once('exit', () => server.listening && lstatSync(given.socket, { throwIfNoEntry: false })?.isSocket() && unlinkSync(given.socket));
replaceStale(given.socket, () => listen(server, given.socket));
