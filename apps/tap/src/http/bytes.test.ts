import { createHash, randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultHttpLimits, type HttpLimits } from './limits.js';
import { makeListener, runHttpTap, type HttpTap } from './run.js';
import { endToEndLines, post, RawClient, startRawServer, type RawRequest, type RawServer } from './testing/raw-peers.js';
import { RecordingCore } from './testing/recording-core.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const peer of open.splice(0).toReversed()) await peer.close();
});

interface Setup {
  readonly core: RecordingCore;
  readonly server: RawServer;
  readonly tap: HttpTap;
  readonly log: string[];
  client(port?: number): RawClient;
}

async function setUp(answer: (request: RawRequest) => void, limits: Partial<HttpLimits> = {}): Promise<Setup> {
  const core = new RecordingCore();
  const log: string[] = [];
  const server = await startRawServer(answer);
  const tap = await runHttpTap({ core, upstream: `http://127.0.0.1:${server.port}/mcp`, listen: { host: '127.0.0.1', port: 0 }, log: (line) => log.push(line), limits });
  open.push(server, tap);
  const client = (port = tap.port): RawClient => {
    const made = new RawClient(port);
    open.push({ close: () => made.socket.destroy() });
    return made;
  };
  return { core, server, tap, log, client };
}

const json = (body: string | Buffer, headers: readonly string[] = []) => Buffer.concat([Buffer.from(['HTTP/1.1 200 OK', 'Content-Type: application/json', ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', ''].join('\r\n')), Buffer.from(body)]);
const sseHead = (headers: readonly string[] = []) => ['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', ...headers, 'Transfer-Encoding: chunked', '', ''].join('\r\n');
const chunk = (bytes: string | Buffer) => Buffer.concat([Buffer.from(`${Buffer.byteLength(bytes).toString(16)}\r\n`), Buffer.from(bytes), Buffer.from('\r\n')]);
const lastChunk = '0\r\n\r\n';
const callText = (id: number | string = 1, name = 'echo') => JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } });
const resultText = (id: number | string = 1, text = 'ok') => JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });

describe('bytes of an exchange', () => {
  it('[T29] method, path, query, status, reason, end-to-end headers and bodies are those of a direct run', async () => {
    const body = '{ "jsonrpc":"2.0",\r\n"id":9007199254740993, "method":"x/y","params":[1.0,"\\u00e9",{"__proto__":1,"a":1,"a":2}],"extra":true }\n';
    const answer = '{"jsonrpc":"2.0","id":9007199254740993,"result":{"b":1e400,"a":[ ]},"vendor":0}';
    const { server, tap, client, core } = await setUp(({ socket }) => socket.write(json(answer, ['Set-Cookie: a=1', 'X-B: é', 'set-cookie: b=2', 'x-b: 3', 'Vary: *']).toString('latin1').replace('200 OK', '299 Quite  Odd'), 'latin1'));
    const request = (port: number) => Buffer.from(post(body, { path: '/mcp/a%2Fb;c?x=1&x=%32&y=[]', headers: ['X-Odd: 1', 'x-odd: 2', 'Mcp-Param-Region: eu', 'User-Agent: raw/1', 'Authorization: Bearer secret'], port }));
    const direct = client(server.port);
    direct.send(request(server.port));
    const wanted = await direct.answer();
    const tapped = client();
    tapped.send(request(tap.port));
    const got = await tapped.answer();
    expect(endToEndLines(got.head)).toEqual(endToEndLines(wanted.head));
    expect(got.body.equals(wanted.body)).toBe(true);
    const [first, second] = server.requests;
    expect(endToEndLines(second!.head)).toEqual(endToEndLines(first!.head));
    expect(second!.head).toContain(`Host: 127.0.0.1:${server.port}`);
    expect(second!.body.equals(first!.body)).toBe(true);
    expect(core.seen).toEqual([`> ${body}`, `< ${answer}`]);
  });

  it.each(['gzip', 'deflate', 'br', 'zstd'] as const)('[T29] a body under %s survives as it came and is inspected decompressed, both ways', async (coding) => {
    const packed = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync }[coding];
    const request = packed(Buffer.from(callText()));
    const answer = packed(Buffer.from(resultText()));
    const { server, client, core } = await setUp(({ socket }) => socket.write(json(answer, [`Content-Encoding: ${coding}`])));
    const peer = client();
    peer.send(post(request, { headers: [`Content-Encoding: ${coding}`] }));
    expect((await peer.answer()).body.equals(answer)).toBe(true);
    expect(server.requests[0]?.body.equals(request)).toBe(true);
    expect(core.seen).toEqual([`> ${callText()}`, `< ${resultText()}`]);
  });

  it('[T29] a compressed answer that a verdict changed is compressed again and says its length', async () => {
    const { client, core } = await setUp(({ socket }) => socket.write(json(zlib.gzipSync(resultText(1, 'poison')), ['Content-Encoding: gzip', 'ETag: "x"', 'Mcp-Session-Id: s'])));
    core.decide = (arrival) => (arrival.direction === 'server-to-client' ? { kind: 'forward', bytes: Buffer.from(resultText(1, 'clean')) } : undefined);
    const peer = client();
    peer.send(post(callText()));
    const { head, body } = await peer.answer();
    expect(zlib.gunzipSync(body).toString()).toBe(resultText(1, 'clean'));
    expect(head.join('\n')).toContain('Mcp-Session-Id: s');
    expect(head.join('\n')).not.toContain('ETag');
  });

  it('[T29] a coding nobody can read is refused before the server sees it', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText())));
    const peer = client();
    peer.send(post(callText(), { headers: ['Content-Encoding: rot13'] }));
    expect((await peer.answer()).head[0]).toBe('HTTP/1.1 415 Unsupported Media Type');
    expect([server.requests.length, core.seen.length]).toEqual([0, 0]);
  });

  it('[T29] a decompression bomb is not unpacked', async () => {
    const { client, server } = await setUp(({ socket }) => socket.write(json(resultText())));
    const peer = client();
    peer.send(post(zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024, 32)), { headers: ['Content-Encoding: gzip'] }));
    expect((await peer.answer()).head[0]).toContain('415');
    expect(server.requests).toEqual([]);
  });

  it('[T29] a request in chunks goes on in chunks', async () => {
    const { client, server } = await setUp(({ socket }) => socket.write(json(resultText())));
    const peer = client();
    const text = callText();
    peer.send(`POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(text.slice(0, 9)).toString()}${chunk(text.slice(9)).toString()}${lastChunk}`);
    await peer.answer();
    expect(server.requests[0]?.body.toString()).toBe(text);
    expect(server.requests[0]?.head.join('\n').toLowerCase()).toContain('transfer-encoding: chunked');
  });

  it('[T29] a large answer that is no message passes byte for byte, unread', async () => {
    const large = randomBytes(20 * 1024 * 1024);
    const { client, core } = await setUp(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${large.length}\r\n\r\n`);
      socket.write(large);
    });
    const peer = client();
    peer.send('GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(digest((await peer.answer()).body)).toBe(digest(large));
    expect(core.streams).toEqual([]);
  });

  it('[T40] a token request and its answer pass unread, and nothing of a credential is logged', async () => {
    const { client, server, core, log } = await setUp(({ socket }) => socket.write(json('{"access_token":"hunter2"}')));
    for (const headers of [['Authorization: Basic hunter2'], []]) {
      const peer = client();
      peer.send(post('{"client_secret":"hunter2"}', { path: '/token?code=hunter2', headers }));
      expect((await peer.answer()).body.toString()).toBe('{"access_token":"hunter2"}');
    }
    expect(server.requests.map((request) => request.body.toString())).toEqual(['{"client_secret":"hunter2"}', '{"client_secret":"hunter2"}']);
    expect([core.seen, log.filter((line) => line.includes('hunter2'))]).toEqual([[], []]);
  });

  it.each([401, 403])('[T40] %i with WWW-Authenticate passes unchanged', async (status) => {
    const { client } = await setUp(({ socket }) => socket.write(`HTTP/1.1 ${status} No\r\nWWW-Authenticate: Bearer resource_metadata="http://up/x"\r\nwww-authenticate: DPoP\r\nContent-Length: 4\r\n\r\nnope`));
    const peer = client();
    peer.send(post(callText()));
    const { head, body } = await peer.answer();
    expect(endToEndLines(head)).toEqual([`HTTP/1.1 ${status} No`, 'WWW-Authenticate: Bearer resource_metadata="http://up/x"', 'www-authenticate: DPoP', 'Content-Length: 4']);
    expect(body.toString()).toBe('nope');
  });

  it('[T40] a redirect to another origin is the client\'s to follow', async () => {
    const elsewhere = await startRawServer(({ socket }) => socket.write(json('{}')));
    open.push(elsewhere);
    const { client } = await setUp(({ socket }) => socket.write(`HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:${elsewhere.port}/\r\nContent-Length: 0\r\n\r\n`));
    const peer = client();
    peer.send(post(callText(), { headers: ['Authorization: Bearer t'] }));
    expect((await peer.answer()).head[0]).toContain('307');
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([['GET', 405], ['DELETE', 404], ['POST', 409], ['POST', 202]] as const)('[T32] %s answered %i passes as it is', async (method, status) => {
    const { client } = await setUp(({ socket }) => socket.write(`HTTP/1.1 ${status} As It Is\r\nAllow: POST\r\nContent-Length: 0\r\n\r\n`));
    const peer = client();
    peer.send(method === 'POST' ? post('{"jsonrpc":"2.0","method":"notifications/initialized"}') : `${method} /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: s\r\n\r\n`);
    const { head, body } = await peer.answer();
    expect([endToEndLines(head), body.length]).toEqual([[`HTTP/1.1 ${status} As It Is`, 'Allow: POST', 'Content-Length: 0'], 0]);
  });

  it('the attestation header of ours is handed to the core and never reaches the server', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText())));
    const hash = '0123456789abcdef0123456789abcdef';
    const peer = client();
    peer.send(post(callText(), { headers: [`X-Agent-Attestation: ${Buffer.from(hash).toString('base64url')}`, 'X-Agent-Attestation: theirs.of.another.kind'] }));
    await peer.answer();
    expect(core.streams[0]?.arrivals[0]?.attestationHeader).toBe(hash);
    expect(server.requests[0]?.head.filter((line) => /attestation/i.test(line))).toEqual(['X-Agent-Attestation: theirs.of.another.kind']);
  });
});

describe('an event stream', () => {
  const events = ['retry: 5\r\n\r\n', ': hi\n', `id: 1\r\nevent: message\r\ndata: {"jsonrpc":"2.0","method":"n/é𝄞"}\r\n\r\n`, 'id: 2\rdata: {"jsonrpc":"2.0",\rdata: "method":"b"}\r\r', `data: ${resultText()}\n\n`];

  it('[T30] [T2] arrives as the same bytes wherever the server cuts it, CR, LF and CRLF alike', async () => {
    const all = Buffer.from(events.join(''));
    const { client, core } = await setUp(({ socket }) => {
      socket.write(sseHead(['X-Kept: 1']));
      for (const byte of all) socket.write(chunk(Buffer.of(byte)));
      socket.write(lastChunk);
    });
    const peer = client();
    peer.send(post(callText()));
    const { head, body } = await peer.answer();
    expect(body.equals(all)).toBe(true);
    expect(head).toContain('X-Kept: 1');
    expect(core.seen).toEqual([`> ${callText()}`, '< {"jsonrpc":"2.0","method":"n/é𝄞"}', '< {"jsonrpc":"2.0",\n"method":"b"}', `< ${resultText()}`]);
    expect(core.streams[0]?.arrivals.map((arrival) => arrival.eventId)).toEqual([undefined, '1', '2', undefined]);
  });

  it('[T30] each event is relayed before the server sends the next', async () => {
    let server: RawRequest | undefined;
    const { client } = await setUp((request) => {
      server = request;
      request.socket.write(sseHead());
    });
    const peer = client();
    peer.send(post(callText()));
    await peer.until((text) => text.includes('\r\n\r\n'));
    for (const [index, event] of events.entries()) {
      server!.socket.write(chunk(event));
      // Only when this event is here does the next leave, so nothing waits for a successor.
      const sofar = events.slice(0, index + 1).join('');
      await peer.until((text) => text.includes(Buffer.from(event).toString('latin1')));
      expect(peer.received.toString('utf8').replace(/\r\n[0-9a-f]+\r\n/g, '')).toContain(events[index]!.slice(0, 4));
      expect(sofar.length).toBeGreaterThan(0);
    }
  });

  it('[T20] [T21] a held event delays no other, and the stream ends only after it', async () => {
    const { client, core } = await setUp(({ socket }) => socket.write(`${sseHead()}${chunk(`data: ${resultText(1, 'held')}\n\ndata: {"jsonrpc":"2.0","method":"free"}\n\n`).toString()}${lastChunk}`));
    let release: () => void = () => undefined;
    core.decide = (arrival, text) => (text.includes('held') ? new Promise((resolve) => (release = () => resolve({ kind: 'forward', bytes: arrival.bytes }))) : undefined);
    const peer = client();
    peer.send(post(callText()));
    expect(await peer.until((text) => text.includes('free'))).not.toContain('held');
    expect(peer.received.toString()).not.toContain(lastChunk);
    release();
    expect((await peer.answer()).body.toString()).toBe(`data: {"jsonrpc":"2.0","method":"free"}\n\ndata: ${resultText(1, 'held')}\n\n`);
  });

  it('[T30] a changed message changes the data of its event and nothing else', async () => {
    const { client, core } = await setUp(({ socket }) => socket.write(`${sseHead()}${chunk(`id: 7\nevent: message\ndata: ${resultText(1, 'poison')}\nretry: 1\n\n`).toString()}${lastChunk}`));
    core.decide = (_arrival, text) => (text.includes('poison') ? { kind: 'answer', bytes: Buffer.from(resultText(1, 'clean')) } : undefined);
    const peer = client();
    peer.send(post(callText()));
    expect((await peer.answer()).body.toString()).toBe(`id: 7\nevent: message\ndata: ${resultText(1, 'clean')}\nretry: 1\n\n`);
  });

  it('[T29] [T30] under gzip is inspected, relayed event by event and still gzip', async () => {
    const gzip = zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH });
    const parts: Buffer[] = [];
    const { client, core } = await setUp(({ socket }) => {
      socket.write(sseHead(['Content-Encoding: gzip']));
      gzip.on('data', (bytes: Buffer) => socket.write(chunk(bytes)));
      gzip.write(`data: {"jsonrpc":"2.0","method":"first"}\n\n`);
    });
    const unzip = zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH });
    unzip.on('data', (bytes: Buffer) => parts.push(bytes));
    unzip.on('error', () => undefined);
    const peer = client();
    peer.send(post(callText()));
    await peer.until((text) => (text.split('\r\n\r\n', 2)[1] ?? '').length > 60);
    const { received } = peer;
    const start = received.indexOf('\r\n\r\n') + 4;
    // The first event can be read while the stream is still open.
    for (let at = start; at < received.length;) {
      const end = received.indexOf('\r\n', at);
      const size = parseInt(received.subarray(at, end).toString(), 16);
      unzip.write(received.subarray(end + 2, end + 2 + size));
      at = end + 2 + size + 2;
    }
    await new Promise<void>((resolve) => unzip.flush(() => resolve()));
    expect(Buffer.concat(parts).toString()).toBe('data: {"jsonrpc":"2.0","method":"first"}\n\n');
    expect(core.seen[1]).toBe('< {"jsonrpc":"2.0","method":"first"}');
  });

  it('[T33] replayed events are offered once, and replayed as they were judged', async () => {
    const replay = `id: a\ndata: ${resultText(1, 'poison')}\n\nid: b\ndata: {"jsonrpc":"2.0","method":"n"}\n\n`;
    const { client, core } = await setUp(({ socket }) => socket.write(`${sseHead()}${chunk(replay).toString()}${lastChunk}`));
    core.decide = (_arrival, text) => (text.includes('poison') ? { kind: 'answer', bytes: Buffer.from(resultText(1, 'clean')) } : undefined);
    for (let round = 0; round < 2; round += 1) {
      const peer = client();
      peer.send('GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: s\r\nLast-Event-ID: 0\r\n\r\n');
      expect((await peer.answer()).body.toString()).toBe(replay.replace('poison', 'clean'));
    }
    expect(core.seen).toHaveLength(2);
  });

  it('[T33] another message under a known event id is not taken for a replay', async () => {
    let text = 'good';
    const { client, core } = await setUp(({ socket }) => socket.write(`${sseHead()}${chunk(`id: a\ndata: ${resultText(1, text)}\n\n`).toString()}${lastChunk}`));
    for (const now of ['good', 'evil']) {
      text = now;
      const peer = client();
      peer.send('GET /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: s\r\n\r\n');
      await peer.answer();
    }
    expect(core.seen).toHaveLength(2);
  });

  it('[T34] closed early by the server is a clean end', async () => {
    const { client } = await setUp(({ socket }) => socket.write(`${sseHead()}${chunk('id: 1\ndata: \n\n').toString()}${lastChunk}`));
    const peer = client();
    peer.send(post(callText()));
    expect((await peer.answer()).body.toString()).toBe('id: 1\ndata: \n\n');
    expect(peer.isClosed).toBe(false);
  });

  it('[T42] reset by the server in the middle is reset for the client, after what came before', async () => {
    const { client, log } = await setUp(({ socket }) => {
      socket.write(`${sseHead()}${chunk('data: {"jsonrpc":"2.0","method":"n"}\n\n').toString()}`, () => socket.resetAndDestroy());
    });
    const peer = client();
    peer.send(post(callText()));
    await peer.until(() => false);
    expect(peer.received.toString()).toContain('"method":"n"');
    expect(peer.received.toString()).not.toContain(lastChunk);
    expect(log.join()).toContain('broke off');
  });

  it('an event over the bound ends the stream with an error for the request', async () => {
    const { client } = await setUp(({ socket }) => {
      socket.write(sseHead());
      socket.write(chunk(`data: ${'x'.repeat(4000)}`));
    }, { messageBytesMax: 2000 });
    const peer = client();
    peer.send(post(callText(5)));
    const text = (await peer.answer()).body.toString();
    expect(JSON.parse(text.split('data: ')[1]!)).toMatchObject({ id: 5, error: { code: -31996 } });
  });
});

describe('fields after a body', () => {
  const requestWith = (trailers: string) => `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(callText()).toString()}0\r\n${trailers}\r\n`;
  const given = 'X-Checked: a\r\nx-checked: b\r\nAuthorization: Bearer other\r\nMcp-Session-Id: other\r\nContent-Digest: sha-256=:x:\r\n';
  const kept = 'X-Checked: a\r\nx-checked: b\r\n';
  const digest = 'Content-Digest: sha-256=:x:\r\n';

  it.each([
    ['a JSON answer', `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`, resultText(), digest],
    ['an event stream', sseHead(), `data: ${resultText()}\n\n`, ''],
    ['any other answer', `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`, 'plain', digest],
  ])('[T29] pass both ways with %s, without those that say who is meant or how long it is', async (...[, head, body, more]) => {
    const tails: string[] = [];
    const { server, client } = await setUp(({ socket }) => socket.write(`${head}${chunk(body).toString()}0\r\n${given}\r\n`));
    const peer = client();
    server.onSocket = (socket) => socket.on('data', (bytes) => tails.push(bytes.toString('latin1')));
    peer.send(body === 'plain' ? 'GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' : requestWith(given));
    await peer.until((text) => text.includes('\r\n0\r\n') && text.endsWith('\r\n\r\n'));
    expect(peer.received.toString('latin1').split('\r\n0\r\n')[1]).toBe(`${kept}${more}\r\n`);
    if (body !== 'plain') expect(tails.join('').split('\r\n0\r\n')[1]).toBe(`${kept}${digest}\r\n`);
  });

  it('[T29] a digest of a body that a verdict changed is not sent', async () => {
    const { client, core } = await setUp(({ socket }) => socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(resultText(1, 'poison')).toString()}0\r\n${given}\r\n`));
    core.decide = (_arrival, text) => (text.includes('poison') ? { kind: 'forward', bytes: Buffer.from(resultText(1, 'clean')) } : undefined);
    const peer = client();
    peer.send(post(callText()));
    await peer.until((text) => text.includes('clean') && text.includes('\r\n0\r\n'));
    expect(peer.received.toString('latin1')).not.toContain('sha-256');
  });
});

describe('refusals and failures', () => {
  it('[T45] an answer of the core goes to the client as JSON under 200 and the request nowhere', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText())));
    core.decide = () => ({ kind: 'answer', bytes: Buffer.from(resultText(1, 'refused')) });
    const peer = client();
    peer.send(post(callText()));
    const { head, body } = await peer.answer();
    expect([head[0], body.toString(), server.requests.length]).toEqual(['HTTP/1.1 200 OK', resultText(1, 'refused'), 0]);
  });

  it('[T23] a dropped message ends its exchange without a word', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText())));
    core.decide = () => ({ kind: 'drop' });
    const peer = client();
    peer.send(post(callText()));
    const { head, body } = await peer.answer();
    expect([head[0], body.length, server.requests.length]).toEqual(['HTTP/1.1 202 Accepted', 0, 0]);
  });

  it('[T38] a header that disagrees with the body is refused before anything is judged', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText())));
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'q', method: 'tools/call', params: { name: 'delete', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } });
    const peer = client();
    peer.send(post(body, { headers: ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', 'Mcp-Name: read'] }));
    const answer = await peer.answer();
    expect(answer.head[0]).toBe('HTTP/1.1 400 Bad Request');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ id: 'q', error: { code: -32020 } });
    expect([server.requests.length, core.seen.length]).toEqual([0, 1]);
    expect(core.streams[0]?.arrivals[0]?.refusal).toMatchObject({ reason: 'header-mismatch' });
  });

  it.each([['Host: evil.example', ''], ['Host: localhost', 'Origin: https://evil.example\r\n']])('[T41] %s %s gets 403 and reaches nobody', async (host, origin) => {
    const { client, server } = await setUp(({ socket }) => socket.write(json(resultText())));
    const peer = client();
    peer.send(`POST /mcp HTTP/1.1\r\n${host}\r\n${origin}Content-Length: 2\r\n\r\n{}`);
    expect((await peer.answer()).head[0]).toBe('HTTP/1.1 403 Forbidden');
    expect(server.requests).toEqual([]);
  });

  it('[T42] [T16] with the server down each request gets 502 and an error under its own id, at once', async () => {
    const { client, server, core } = await setUp(() => undefined);
    await server.close();
    for (const id of ['1', '"1"', '9007199254740993']) {
      const peer = client();
      peer.send(post(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`));
      const { head, body } = await peer.answer();
      expect(head[0]).toBe('HTTP/1.1 502 Bad Gateway');
      expect(body.toString()).toContain(`"id":${id},"error":{"code":-31995`);
    }
    expect(core.streams.map((stream) => stream.ended)).toEqual(Array(3).fill('upstream-unreachable'));
  });

  it('[T42] a JSON answer cut off in the middle is cut off for the client, and the stream is recorded as truncated', async () => {
    const { client, core } = await setUp(({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"jsonrpc"'));
    const peer = client();
    peer.send(post(callText()));
    await peer.until(() => false);
    expect([peer.received.length, peer.isClosed]).toEqual([0, true]);
    expect(core.streams[0]?.ended).toBe('truncated');
  });

  it('[T43] a body over the cap is refused whole and nothing of it is judged', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText())), { messageBytesMax: 1000 });
    const peer = client();
    peer.send(post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":"${'y'.repeat(2_000_000)}"}}}`));
    const { head, body } = await peer.answer();
    expect(head[0]).toContain('200');
    expect(JSON.parse(body.toString())).toMatchObject({ id: 1, error: { code: -31996 } });
    // Two readings of the id are possible: then no id is guessed.
    peer.received = Buffer.alloc(0);
    peer.send(post(`{"id":1,"method":"a","id":2,"params":"${'y'.repeat(5000)}"}`));
    expect((await peer.answer()).head[0]).toContain('413');
    expect([server.requests.length, core.seen.length, core.streams.length]).toEqual([0, 0, 0]);
    // The connection is still good for a smaller one.
    peer.received = Buffer.alloc(0);
    peer.send(post(callText()));
    expect((await peer.answer()).body.toString()).toBe(resultText());
  });

  it('[T43] a body too long to inspect is decided by its envelope, and sent whole or not at all', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText(4))), { inspectBytesMax: 1000 });
    const body = `{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"big","arguments":{"x":"${'y'.repeat(5000)}"}}}`;
    const peer = client();
    peer.send(post(body));
    expect((await peer.answer()).body.toString()).toBe(resultText(4));
    expect(server.requests[0]?.body.toString()).toBe(body);
    expect(core.streams[0]?.long).toMatchObject([{ direction: 'client-to-server', digest: createHash('sha256').update(body).digest('hex'), envelope: { method: 'tools/call', tool: 'big', rpcId: '4', isSure: true } }]);
    core.decideLong = () => ({ kind: 'answer', bytes: Buffer.from(resultText(4, 'refused')) });
    peer.received = Buffer.alloc(0);
    peer.send(post(body));
    expect((await peer.answer()).body.toString()).toBe(resultText(4, 'refused'));
    expect(server.requests).toHaveLength(1);
  });

  it.each(['JSON', 'an event'] as const)('[T43] an answer too long to inspect, as %s, is decided by its envelope', async (form) => {
    const answer = resultText(5, 'z'.repeat(5000));
    const { client, core } = await setUp(({ socket }) => socket.write(form === 'JSON' ? json(answer) : `${sseHead()}${chunk(`data: ${answer}\n\n`).toString()}${lastChunk}`), { inspectBytesMax: 1000 });
    const peer = client();
    peer.send(post(callText(5)));
    expect((await peer.answer()).body.toString()).toContain(answer);
    core.decideLong = () => ({ kind: 'answer', bytes: Buffer.from(resultText(5, 'withheld')) });
    peer.received = Buffer.alloc(0);
    peer.send(post(callText(5)));
    const { body } = await peer.answer();
    expect(body.toString()).toContain('withheld');
    expect(body.toString()).not.toContain('zzz');
  });

  it('[T43] [T7] an answer longer than anything kept passes while it arrives if the core lets it, and is recorded', async () => {
    const answer = Buffer.from(resultText(6, 'w'.repeat(30 * 1024 * 1024)));
    const { client, core } = await setUp(({ socket }) => socket.write(json(answer)), { messageBytesMax: 100_000, bufferedBytesMax: 1_000_000 });
    core.mayPassUnread = true;
    const peer = client();
    const parts: Buffer[] = [];
    peer.socket.removeAllListeners('data');
    peer.socket.on('data', (part: Buffer) => parts.push(part));
    peer.send(post(callText(6)));
    while (core.streams[0]?.long.length !== 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(core.streams[0].long).toMatchObject([{ direction: 'server-to-client', digest: createHash('sha256').update(answer).digest('hex'), envelope: { rpcId: '6', bytes: answer.length } }]);
    while (!Buffer.concat(parts).subarray(-answer.length).equals(answer)) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('[T43] an answer over the cap becomes an error for the request', async () => {
    const { client } = await setUp(({ socket }) => socket.write(json(resultText(3, 'x'.repeat(5000)))), { messageBytesMax: 1000 });
    const peer = client();
    peer.send(post(callText(3)));
    const { head, body } = await peer.answer();
    expect([head[0], JSON.parse(body.toString())]).toMatchObject(['HTTP/1.1 200 OK', { id: 3, error: { code: -31996 } }]);
  });

  it('with no room left an exchange is refused, and the room comes back when the others end', async () => {
    const held: RawRequest[] = [];
    const { client } = await setUp((request) => held.push(request), { bufferedBytesMax: 600 });
    const first = client();
    first.send(post(callText(1, 'a'.repeat(400))));
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = client();
    second.send(post(callText(2, 'b'.repeat(400))));
    expect(JSON.parse((await second.answer()).body.toString())).toMatchObject({ id: 2, error: { code: -31996 } });
    held[0]!.socket.write(json(resultText(1)));
    await first.answer();
    const third = client();
    third.send(post(callText(3, 'c'.repeat(400))));
    while (held.length === 1) await new Promise((resolve) => setImmediate(resolve));
    held[1]!.socket.write(json(resultText(3)));
    expect((await third.answer()).body.toString()).toBe(resultText(3));
  });

  it('a core that fails lets nothing through', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(resultText())));
    core.decide = () => Promise.reject(new Error('the spool is gone'));
    const peer = client();
    peer.send(post(callText()));
    expect((await peer.answer()).head[0]).toContain('500');
    expect(server.requests).toEqual([]);
  });
});

describe('many exchanges', () => {
  it('neither listeners nor room are used up on one connection, whatever becomes of the exchanges', async () => {
    const warnings: string[] = [];
    const warn = (warning: Error) => warnings.push(warning.name);
    process.on('warning', warn);
    let answers = 0;
    const { client, core } = await setUp(({ socket }) => {
      answers += 1;
      if (answers % 3 === 0) socket.write(`${sseHead()}${chunk(`id: ${answers}\ndata: ${resultText()}\n\n`).toString()}${lastChunk}`);
      else socket.write(json(resultText()));
    }, { bufferedBytesMax: 4000 });
    core.decide = (arrival, text) => (text.includes('refuse') ? { kind: 'answer', bytes: Buffer.from(resultText()) } : text.includes('hold') ? new Promise((resolve) => setImmediate(() => resolve({ kind: 'forward', bytes: arrival.bytes }))) : undefined);
    const peer = client();
    for (let round = 0; round < 300; round += 1) {
      peer.received = Buffer.alloc(0);
      peer.send(post(callText(round, ['echo', 'refuse', 'hold'][round % 3])));
      expect((await peer.answer()).body.toString()).toContain('"ok"');
    }
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });
});

describe('batches', () => {
  const batch = `[${callText(1, 'a')} ,\n{"jsonrpc":"2.0","method":"n"}, ${callText(2, 'bad')}]`;
  const refuseBad = (core: RecordingCore) => {
    core.decide = (arrival, text) => (arrival.direction === 'client-to-server' && text.includes('bad') ? { kind: 'answer', bytes: Buffer.from(resultText(2, 'refused')) } : undefined);
  };

  it('[T44] [T9] a batch nothing changed passes as it came, every element recorded', async () => {
    const answer = `[${resultText(2)},${resultText(1)} ]`;
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(answer)));
    const peer = client();
    peer.send(post(batch));
    expect((await peer.answer()).body.toString()).toBe(answer);
    expect(server.requests[0]?.body.toString()).toBe(batch);
    expect(core.seen).toEqual([`> ${callText(1, 'a')}`, '> {"jsonrpc":"2.0","method":"n"}', `> ${callText(2, 'bad')}`, `< ${resultText(2)}`, `< ${resultText(1)}`]);
  });

  it('[T44] one refused element blocks no other and the answer array is complete', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json(`[${resultText(1)}]`)));
    refuseBad(core);
    const peer = client();
    peer.send(post(batch));
    expect(JSON.parse((await peer.answer()).body.toString())).toEqual([JSON.parse(resultText(1)), JSON.parse(resultText(2, 'refused'))]);
    expect(JSON.parse(server.requests[0]!.body.toString())).toHaveLength(2);
  });

  it('[T44] also when the server answers as a stream, or with nothing', async () => {
    for (const answer of [`${sseHead()}${chunk(`data: ${resultText(1)}\n\n`).toString()}${lastChunk}`, 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n']) {
      const { client, core } = await setUp(({ socket }) => socket.write(answer));
      refuseBad(core);
      const peer = client();
      peer.send(post(batch));
      expect((await peer.answer()).body.toString()).toContain(resultText(2, 'refused'));
    }
  });

  it('[T44] a batch refused as a whole is answered as an array', async () => {
    const { client, server, core } = await setUp(({ socket }) => socket.write(json('[]')));
    core.decide = (_arrival, text) => ({ kind: 'answer', bytes: Buffer.from(`{"re":${text.length}}`) });
    const peer = client();
    peer.send(post(`[${callText(1)},${callText(2)}]`));
    expect(JSON.parse((await peer.answer()).body.toString())).toHaveLength(2);
    expect(server.requests).toEqual([]);
  });
});

describe('silence', () => {
  it('[T36] neither the listener nor the connection to the server ends what is merely silent', async () => {
    // Time-outs of 20 ms stand for those of minutes: both sides stay silent for many times as long.
    const listener = makeListener(() => undefined, defaultHttpLimits);
    expect([listener.timeout, listener.requestTimeout]).toEqual([0, 0]);
    listener.close();
    const { server, client } = await setUp(({ socket }) => {
      socket.write(sseHead());
      setTimeout(() => socket.write(Buffer.concat([chunk('data: {"jsonrpc":"2.0","method":"late"}\n\n'), Buffer.from(lastChunk)])), 200);
    }, { idleConnectionMsMax: 20 });
    const peer = client();
    peer.send('GET /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: s\r\n\r\n');
    expect((await peer.answer()).body.toString()).toContain('late');
    expect(server.requests).toHaveLength(1);
  });

  it('[T47] a call held long opens an event stream, keeps it alive and answers there', async () => {
    const { client, core, server } = await setUp(({ socket }) => socket.write(json(JSON.stringify(JSON.parse(resultText(1, 'late')), null, 1))), { keepAliveMs: 5 });
    let release: () => void = () => undefined;
    core.decide = (arrival) => (arrival.direction === 'client-to-server' ? new Promise((resolve) => (release = () => resolve({ kind: 'forward', bytes: arrival.bytes }))) : undefined);
    const peer = client();
    peer.send(post(callText()));
    await peer.until((text) => text.split(':\n\n').length > 3);
    expect(peer.received.toString()).toContain('X-Accel-Buffering: no');
    expect(server.requests).toEqual([]);
    release();
    const { head, body } = await peer.answer();
    expect(head[0]).toBe('HTTP/1.1 200 OK');
    const data = body.toString().split('event: message\n')[1]!.replaceAll('data: ', '');
    expect(JSON.parse(data)).toEqual(JSON.parse(resultText(1, 'late')));
  });

  it.each([
    ['an event stream', `${sseHead()}${chunk(`id: 1\ndata: ${resultText()}\n\n`).toString()}${lastChunk}`, `id: 1\ndata: ${resultText()}\n\n`],
    ['an error without a message', 'HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone', '"code":-31995'],
    ['nothing, its connection broken', '', '"code":-31995'],
  ])('[T47] after a long hold the server may answer with %s', async (_name, answer, wanted) => {
    const { client, core } = await setUp(({ socket }) => (answer === '' ? socket.destroy() : socket.write(answer)), { keepAliveMs: 5 });
    let release: () => void = () => undefined;
    core.decide = (arrival) => (arrival.direction === 'client-to-server' ? new Promise((resolve) => (release = () => resolve({ kind: 'forward', bytes: arrival.bytes }))) : undefined);
    const peer = client();
    peer.send(post(callText()));
    await peer.until((text) => text.includes(':\n\n'));
    release();
    expect((await peer.answer()).body.toString()).toContain(wanted);
  });

  it('[T47] a client that reads no streams waits for its JSON', async () => {
    const { client, core } = await setUp(({ socket }) => socket.write(json(resultText())), { keepAliveMs: 5 });
    core.decide = (arrival) => (arrival.direction === 'client-to-server' ? new Promise((resolve) => setTimeout(() => resolve({ kind: 'forward', bytes: arrival.bytes }), 50)) : undefined);
    const peer = client();
    peer.send(`POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: ${callText().length}\r\n\r\n${callText()}`);
    expect((await peer.answer()).head).toContain('Content-Type: application/json');
  });

  it('[T8] a client that stops reading makes the tap stop reading from the server, and nothing is lost', async () => {
    const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'n', params: { x: 'y'.repeat(60_000) } })}\n\n`;
    const total = 1500;
    let sent = 0;
    const { client } = await setUp(({ socket }) => {
      socket.write(sseHead());
      const fill = (): void => {
        while (sent < total && socket.write(chunk(event))) sent += 1;
        if (sent >= total) socket.write(lastChunk);
        else {
          sent += 1;
          socket.once('drain', fill);
        }
      };
      fill();
    });
    const peer = client();
    peer.socket.pause();
    peer.send(post(callText()));
    // The server comes to a halt for good once every buffer on the way is full: far less than the 90 MB it has.
    let before = -1;
    while (before !== sent || sent === 0) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(sent).toBeLessThan(total / 2);
    let bytes = 0;
    peer.socket.removeAllListeners('data');
    const done = new Promise<void>((resolve) => {
      peer.socket.on('data', (part: Buffer) => {
        bytes += part.length;
        if (part.subarray(-5).toString() === lastChunk) resolve();
      });
    });
    peer.socket.resume();
    await done;
    expect(bytes).toBeGreaterThan(total * event.length);
  });
});
