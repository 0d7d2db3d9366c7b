#!/usr/bin/env node
// client-through-tap.mjs DATA_DIR TAP_BUNDLE CLIENT… URL: runs the client towards a tap in front of URL, and ends with its code.
import { spawn } from 'node:child_process';
import { start, stop } from './processes.mjs';

const [dataDir, tapBundle, command, ...args] = process.argv.slice(2);
const url = new URL(args.pop());
const tap = await start('the tap', {
  command: process.execPath,
  args: [tapBundle, 'tap', '--server', 'conformance', '--data', dataDir, '--upstream', url.href, '--listen', '127.0.0.1:0'],
  output: 'stderr',
  pattern: /listening on http:\/\/127\.0\.0\.1:(\d+)/,
});
url.port = tap.found[1];
const client = spawn(command, [...args, url.href], { stdio: 'inherit' });
// The suite ends a client that takes too long: what this started ends with it.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => client.kill(signal));
client.once('error', async (error) => {
  console.error(`The client cannot be started (${error.message}).`);
  await stop(tap.child);
  process.exit(1);
});
client.once('close', async (code) => {
  await stop(tap.child);
  process.stderr.write(tap.said());
  process.exit(code ?? 1);
});
