import { afterEach, describe, expect, it } from 'vitest';
import { startCoreTap, type CoreTap } from './testing/core-tap.js';
import { endToEndLines, post, RawClient, startRawServer, type RawRequest, type RawServer } from './testing/raw-peers.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const peer of open.splice(0).toReversed()) await peer.close();
});

interface Setup {
  readonly server: RawServer;
  readonly tap: CoreTap;
  client(port?: number): RawClient;
}

async function setUp(answer: (request: RawRequest) => void): Promise<Setup> {
  const server = await startRawServer(answer);
  const tap = await startCoreTap(`http://127.0.0.1:${server.port}/mcp`);
  open.push(server, tap);
  const client = (port = tap.port): RawClient => {
    const made = new RawClient(port);
    open.push({ close: () => made.socket.destroy() });
    return made;
  };
  return { server, tap, client };
}

const own = '"dev.countersign/task":{"id":"t-1","instruction":"look"},';
const meta = (before = '') => `"_meta":{${before}"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{ }}`;
const modern = (method: string) => ['MCP-Protocol-Version: 2026-07-28', `Mcp-Method: ${method}`];
const json = (body: string) => `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('the modern era, byte for byte', () => {
  it.each(['"listen-\\ud834\\udd1e"', '"𝄞"', '9007199254740993', '0', '""', '1.0'])('[T26] the subscription of listen request %s keeps its id on every event of a stream that stays open', async (id) => {
    const about = (method: string, rest = '') => `{"jsonrpc":"2.0","method":"notifications/${method}","params":{"_meta":{"io.modelcontextprotocol/subscriptionId": ${id}}${rest}}}`;
    const events = `: open\n\ndata: ${about('subscriptions/acknowledged', ',"notifications":{"toolsListChanged":true}')}\n\nevent: message\ndata: ${about('tools/list_changed')}\n\n`;
    const { server, tap, client } = await setUp(({ socket }) => socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(events).toString(16)}\r\n${events}\r\n`));
    const asked = `{"jsonrpc":"2.0","id":${id},"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},${meta()}}}`;
    const texts: string[] = [];
    for (const port of [server.port, tap.port]) {
      const peer = client(port);
      peer.send(post(asked, { headers: modern('subscriptions/listen') }));
      const bodyOf = () => [...peer.received.toString('utf8').split('\r\n\r\n').slice(1).join('\r\n\r\n').matchAll(/(?:^|\r\n)[0-9a-f]+\r\n([^\r]*)/g)].map(([, text]) => text).join('');
      await peer.until(() => bodyOf().length >= events.length);
      texts.push(bodyOf());
      expect(peer.isClosed).toBe(false);
    }
    expect(texts).toEqual([events, events]);
    expect(server.requests.map(({ body }) => body.toString())).toEqual([asked, asked]);
    const seen = tap.observations().filter(({ message }) => message !== undefined);
    expect(seen.map(({ message }) => message?.method)).toEqual(['subscriptions/listen', 'notifications/subscriptions/acknowledged', 'notifications/tools/list_changed']);
  });

  it('[T27] a retry brings requestState and inputResponses as the client wrote them, without what was meant for the tap', async () => {
    const state = '"requestState" : "AbC+\\/=\\u003d.\\u00e9"';
    const question = `{"jsonrpc":"2.0","id":"r-1","result":{"resultType":"input_required","inputRequests":{"na\\u006de":{"method":"elicitation/create","params":{"message":"?","requestedSchema":{"type":"object","properties":{}}}}},${state}}}`;
    const done = '{"jsonrpc":"2.0","id":"r-2","result":{"resultType":"complete","content":[{"type":"text","text":"note 7"}]}}';
    const tools = '{"jsonrpc":"2.0","id":"r-0","result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"peek","description":"Reads a note.","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true,"openWorldHint":false}}]}}';
    const answers = [tools, question, done];
    const { server, tap, client } = await setUp(({ socket }) => socket.write(json(answers.shift() ?? '')));
    const peer = client();
    const exchange = async (method: string, body: string): Promise<string> => {
      peer.received = Buffer.alloc(0);
      peer.send(post(body, { headers: modern(method) }));
      return (await peer.answer()).body.toString();
    };
    const call = (id: string, more: string, before: string) => `{"jsonrpc":"2.0", "id":"${id}","method":"tools/call","params":{"name":"peek","arguments":{"id":7.0}${more},${meta(before)}}}`;
    const retry = `,"inputResponses":{"na\\u006de":{"action":"accept","content":{"n":1.0,"t":"\\u00e9\\/"}}},${state}`;
    expect(await exchange('tools/list', `{"jsonrpc":"2.0","id":"r-0","method":"tools/list","params":{${meta()}}}`)).toBe(tools);
    expect(await exchange('tools/call', call('r-1', '', own))).toBe(question);
    expect(await exchange('tools/call', call('r-2', retry, own))).toBe(done);
    expect(server.requests.slice(1).map(({ body }) => body.toString())).toEqual([call('r-1', '', ''), call('r-2', retry, '')]);
    for (const { head, body } of server.requests) expect(endToEndLines(head)).toContain(`Content-Length: ${body.length}`);
    expect(tap.observations().filter(({ call: observed }) => observed?.phase === 'request')).toHaveLength(2);
  });
});
