import { afterEach, describe, expect, it } from 'vitest';
import { runHttpTap } from './run.js';
import { endToEndLines, post, RawClient, startRawServer } from './testing/raw-peers.js';
import { RecordingCore } from './testing/recording-core.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const peer of open.splice(0).toReversed()) await peer.close();
});

const path = '/.well-known/oauth-protected-resource/mcp';

/** A server that names itself; `elsewhere` names another resource. */
async function setUp(oauthRewrite: boolean, elsewhere = false) {
  const log: string[] = [];
  const server = await startRawServer(({ socket, head }) => {
    const origin = elsewhere ? 'https://other.example' : `http://127.0.0.1:${server.port}`;
    const document = JSON.stringify({ resource: `${origin}/mcp?a=1`, authorization_servers: ['https://as.example/'], scopes_supported: ['x'] });
    if (head[0]?.startsWith('GET')) socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Own: 1\r\nContent-Length: ${document.length}\r\n\r\n${document}`);
    else socket.write(`HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer scope="x", resource_metadata="${origin}${path}", error="e"\r\nContent-Length: 0\r\n\r\n`);
  });
  const tap = await runHttpTap({ core: new RecordingCore(), upstream: `http://127.0.0.1:${server.port}/mcp`, listen: { host: '127.0.0.1', port: 0 }, log: (line) => log.push(line), oauthRewrite });
  open.push(server, tap);
  const client = (): RawClient => {
    const made = new RawClient(tap.port);
    open.push({ close: () => made.socket.destroy() });
    return made;
  };
  const challenge = async (): Promise<string | undefined> => {
    const peer = client();
    peer.send(post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', { port: tap.port }));
    return endToEndLines((await peer.answer()).head).find((line) => line.startsWith('WWW-Authenticate'));
  };
  const document = async () => {
    const peer = client();
    peer.send(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${tap.port}\r\n\r\n`);
    const { head, body } = await peer.answer();
    return { head: endToEndLines(head), body: JSON.parse(body.toString()) as { readonly resource: string } };
  };
  return { log, server: `http://127.0.0.1:${server.port}`, tap: `http://127.0.0.1:${tap.port}`, challenge, document };
}

describe('a server that asks for OAuth', () => {
  it('by default passes unchanged, and once it is said why a client may refuse and what there is', async () => {
    const { log, server, challenge, document } = await setUp(false);
    expect(await challenge()).toContain(`resource_metadata="${server}${path}"`);
    await challenge();
    expect((await document()).body.resource).toBe(`${server}/mcp?a=1`);
    expect(log.filter((line) => line.includes('--oauth-rewrite'))).toEqual([expect.stringContaining('asks its clients to sign in')]);
  });

  it('with --oauth-rewrite is shown at the tap’s address in challenge and document, nothing else changed, with a warning', async () => {
    const { log, tap, challenge, document } = await setUp(true);
    expect(log).toEqual([expect.stringMatching(/^Warning: .*issued for the tap/)]);
    expect(await challenge()).toBe(`WWW-Authenticate: Bearer scope="x", resource_metadata="${tap}${path}", error="e"`);
    const { head, body } = await document();
    expect(body).toEqual({ resource: `${tap}/mcp?a=1`, authorization_servers: ['https://as.example/'], scopes_supported: ['x'] });
    expect(head).toEqual(expect.arrayContaining(['HTTP/1.1 200 OK', 'Content-Type: application/json', 'X-Own: 1']));
  });

  it('a resource elsewhere is never shown as the tap’s', async () => {
    const { challenge, document } = await setUp(true, true);
    expect(await challenge()).toContain(`resource_metadata="https://other.example${path}"`);
    expect((await document()).body.resource).toBe('https://other.example/mcp?a=1');
  });
});
