// An MCP server without an SDK, for tests: lists a few tools, writes each executed call to a file before it answers,
// and does on request what servers do when they misbehave. argv: the file for executed calls.
import { appendFileSync, writeSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const executed = process.argv[2];
const tools = [
  { name: 'list_notes', description: 'List the notes.', inputSchema: { type: 'object' } },
  { name: 'write_note', description: 'Write a note.', inputSchema: { type: 'object' } },
];
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const answer = (id, result) => say({ jsonrpc: '2.0', id, result });

let asking;
const on = {
  initialize: ({ id, params }) => answer(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'scripted', version: '1' } }),
  'tools/list': ({ id }) => answer(id, { tools }),
  'tools/call': ({ id, params }) => {
    if (executed) appendFileSync(executed, `${JSON.stringify(params)}\n`);
    answer(id, { content: [{ type: 'text', text: 'done' }] });
  },
  // Asks the client for something, and answers with what it was told.
  'test/ask': ({ id, params }) => {
    asking = id;
    say({ jsonrpc: '2.0', id: 'ask', method: params.method, params: { messages: [] } });
  },
  'test/exit': ({ params }) => process.exit(params.code),
  'test/kill': ({ params }) => process.kill(process.pid, params.signal),
  'test/stderr': ({ id, params }) => {
    writeSync(2, params.text);
    answer(id, {});
  },
  'test/big': ({ id, params }) => {
    process.stdout.write(`{"jsonrpc":"2.0","result":{"text":"`);
    for (let sent = 0; sent < params.bytes; sent += 65536) process.stdout.write('x'.repeat(Math.min(65536, params.bytes - sent)));
    process.stdout.write(`"},"id":${JSON.stringify(id)}}\n`);
  },
  'test/notify': ({ id, params }) => {
    for (let progress = 0; progress < params.count; progress += 1) say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress } });
    answer(id, {});
  },
  'test/environment': ({ id }) => answer(id, { cwd: process.cwd(), argv: process.argv.slice(2), env: process.env }),
  'test/grandchild': ({ id }) => {
    const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    answer(id, { pids: [process.pid, grandchild.pid] });
  },
  'test/noise': ({ id }) => {
    process.stdout.write('this is no JSON\n');
    answer(id, {});
  },
  'test/last-words': () => {
    process.stdout.write('without a newline', () => process.exit(0));
  },
};
const signalled = process.env['TEST_SIGNAL_FILE'];
if (signalled) {
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => appendFileSync(signalled, `${name}\n`));
}
const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on('line', (line) => {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    return;
  }
  if (message.id === 'ask' && message.method === undefined) answer(asking, { told: message });
  on[message.method]?.(message);
});
lines.on('close', () => {
  if (process.env['TEST_LAST_WORDS']) process.stdout.write(process.env['TEST_LAST_WORDS'], () => process.exit(7));
});
