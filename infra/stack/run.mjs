#!/usr/bin/env node
/**
 * `npm run stack`: the distributed profile on this machine, until Ctrl-C.
 * Usage: run.mjs [--dir DIR] [--port CONSOLE_PORT] [--policy FILE] [--nodes 1|3] [--copies detect=2,judge=2] [--json]
 * With `--json` the only line on standard output is the content of DIR/stack.json, once everything runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { program } from './services.mjs';
import { startStack } from './stack.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values } = parseArgs({ options: { dir: { type: 'string' }, port: { type: 'string' }, policy: { type: 'string' }, nodes: { type: 'string' }, copies: { type: 'string' }, json: { type: 'boolean' } } });
const say = (line) => values.json || process.stderr.write(`stack: ${line}\n`);
const dir = resolve(values.dir ?? join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'countersign-stack'));

if (!existsSync(program)) {
  say('building once, this takes about half a minute');
  const { status } = spawnSync(process.execPath, [join(root, 'infra/build/build.mjs'), '--quiet'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

let stack;
let isStopping = false;
const starting = startStack({
  dir, say, consolePort: Number(values.port ?? (values.json ? 0 : 7_800)), nodes: values.nodes === '3' ? 3 : 1, copies: copiesOf(values.copies),
  ...(values.policy === undefined ? {} : { policyFile: resolve(values.policy) }),
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop());
try {
  stack = await starting;
} catch (error) {
  if (!isStopping) process.stderr.write(`stack: it did not start, and nothing was left running. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(isStopping ? 0 : 1);
}
if (values.json) process.stdout.write(`${JSON.stringify(stack.facts)}\n`);
else await greet(stack.facts);

/** A second Ctrl-C changes nothing: the guards end what does not end by itself. */
async function stop() {
  if (isStopping) return;
  isStopping = true;
  say('stopping: gate and console, the stages, the engines');
  await starting.then((running) => running.stop(), () => undefined);
  say('stopped; nothing is left running');
  process.exit(0);
}

async function greet(facts) {
  const { operatorSocketPath } = await import('@countersign/service/data-dir');
  const link = await said(operatorSocketPath(facts.dataDir, { platform: process.platform, tmpDir: tmpdir() }));
  const width = Math.max(...facts.services.map(({ name }) => name.length), 10);
  const rows = [['Kafka', facts.brokers.join(', ')], ['Redis', facts.redisUrl], ['ClickHouse', facts.clickHouse.url], ...facts.services.map(({ name, url, log }) => [name, `${url}/readyz   log ${log}`])];
  process.stdout.write(`
  Countersign runs distributed.  Folder: ${facts.dir}   Settings: ${facts.config}

${rows.map(([name, where]) => `  ${name.padEnd(width)}  ${where}`).join('\n')}

  Console     ${link.trim()}
              (the link works once, for ten minutes; \`countersign login --data ${facts.dataDir}\` prints another)
  A tap       countersign tap --data ${facts.dataDir} --server NAME --agent AGENT -- COMMAND [ARGS…]
  Demo        countersign demo --profile distributed --stack ${facts.dir}

  Stop with Ctrl-C. State survives.
`);
}

function said(socketPath) {
  return new Promise((resolveText, reject) => {
    let text = '';
    connect(socketPath).setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolveText(text)).on('error', reject);
  });
}

function copiesOf(list = '') {
  return Object.fromEntries(list.split(',').filter(Boolean).map((part) => {
    const [name, count] = part.split('=');
    return [name, Math.max(1, Number(count) || 1)];
  }));
}
