import { describe, expect, it } from 'vitest';
import { decodeAttestation, takeAttestation } from './http-attestation.js';
import { guardRequest } from './http-guard.js';
import { acceptsEventStream, endToEndHeaders, headersForChangedBody, upstreamRequestHeaders } from './http-headers.js';

const base64url = (text: string) => Buffer.from(text).toString('base64url');
const envelope = JSON.stringify({ payloadType: 'application/vnd.countersign.agent+json', payload: 'e30', signatures: [{ sig: 'x' }] });

describe('headers', () => {
  it('[T29] only hop-by-hop fields and Host change; order, spelling and repetition stay', () => {
    const sent = upstreamRequestHeaders(
      ['hOST', '127.0.0.1:1', 'X-A', '1', 'Connection', 'keep-alive, X-Mine', 'x-mine', 'gone', 'x-a', '2', 'TE', 'trailers', 'Authorization', 'Bearer t', 'Transfer-Encoding', 'chunked', 'Mcp-Param-Region', 'eu'],
      'example.com',
    );
    expect(sent).toEqual(['hOST', 'example.com', 'X-A', '1', 'x-a', '2', 'Authorization', 'Bearer t', 'Mcp-Param-Region', 'eu']);
  });

  it('[T31] a Connection header cannot take the session id or the length out', () => {
    expect(endToEndHeaders(['Connection', 'Mcp-Session-Id, content-length, close', 'Mcp-Session-Id', 's', 'Content-Length', '3'])).toEqual(['Mcp-Session-Id', 's', 'Content-Length', '3']);
  });

  it('[T29] a changed body has its own length and no digest of the old one', () => {
    expect(headersForChangedBody(['Content-Length', '10', 'ETag', '"x"', 'Digest', 'd', 'X', 'y'], 12)).toEqual(['Content-Length', '12', 'X', 'y']);
  });

  it('only a client that names event streams is sent one', () => {
    const accepts = (value: string) => acceptsEventStream(['Accept', value]);
    expect(['application/json, text/event-stream', 'text/event-stream;q=0.5', 'application/json', 'text/event-stream;q=0', '*/*'].map(accepts)).toEqual([true, true, false, false, false]);
  });
});

describe('the guard of the listener', () => {
  const table: readonly [name: string, headers: readonly string[], listenHost: string, ok: boolean][] = [
    ['localhost with a port', ['Host', 'localhost:8080'], '127.0.0.1', true],
    ['127.0.0.1', ['Host', '127.0.0.1'], '127.0.0.1', true],
    ['another address of 127.0.0.0/8', ['Host', '127.9.9.9:1'], '127.0.0.1', true],
    ['[::1]', ['Host', '[::1]:80'], '::1', true],
    ['a name that only begins like a loopback address', ['Host', '127.0.0.1.evil.example'], '127.0.0.1', false],
    ['a name that only ends in localhost', ['Host', 'evil-localhost'], '127.0.0.1', false],
    ['user information in the host', ['Host', 'localhost@evil.example'], '127.0.0.1', false],
    ['a rebound name', ['Host', 'evil.example:8080'], '127.0.0.1', false],
    ['a rebound name although bound to all addresses', ['Host', 'evil.example'], '0.0.0.0', false],
    ['an address although bound to all addresses', ['Host', '10.0.0.5:80'], '0.0.0.0', true],
    ['the name it was told to listen on', ['Host', 'tap.internal'], 'tap.internal', true],
    ['two hosts of which one is foreign', ['Host', 'localhost', 'Host', 'evil.example'], '127.0.0.1', false],
    ['no host at all', [], '127.0.0.1', false],
    ['a loopback origin', ['Host', 'localhost', 'Origin', 'http://localhost:6274'], '127.0.0.1', true],
    ['a foreign origin', ['Host', 'localhost', 'Origin', 'https://evil.example'], '127.0.0.1', false],
    ['an origin that hides its page', ['Host', 'localhost', 'Origin', 'null'], '127.0.0.1', false],
    ['an origin of another scheme', ['Host', 'localhost', 'Origin', 'file://localhost'], '127.0.0.1', false],
  ];
  it.each(table)('[T41] %s', (...[, headers, listenHost, ok]) => {
    expect(guardRequest(headers, '/mcp', listenHost).ok).toBe(ok);
  });

  it('[T41] a target that names a foreign host is refused whatever the Host header says', () => {
    expect(guardRequest(['Host', 'localhost'], 'http://evil.example/mcp', '127.0.0.1').ok).toBe(false);
    expect(guardRequest(['Host', 'localhost'], 'http://localhost/mcp', '127.0.0.1').ok).toBe(true);
  });
});

describe('the attestation header', () => {
  it('of ours is taken out and decoded; anybody else\'s passes', () => {
    const hash = '0123456789abcdef0123456789abcdef';
    expect(takeAttestation(['X-Agent-Attestation', base64url(envelope), 'A', 'b'])).toEqual({ headers: ['A', 'b'], attestation: envelope });
    expect(takeAttestation(['x-agent-attestation', base64url(hash)])).toEqual({ headers: [], attestation: hash });
    for (const theirs of ['eyJhbGciOiJFUzI1NiJ9.e30.sig', base64url('{"payloadType":"application/vnd.in-toto+json","payload":"","signatures":[]}'), base64url('no'), base64url(`"${'a'.repeat(7000)}"`), '']) {
      expect(takeAttestation(['X-Agent-Attestation', theirs])).toEqual({ headers: ['X-Agent-Attestation', theirs] });
    }
  });

  it('over 8 KiB is not ours', () => {
    expect(decodeAttestation(base64url(JSON.stringify({ payloadType: 'countersign', payload: 'a'.repeat(7000), signatures: [] })))).toBeUndefined();
  });

  it('given twice and differing is handed on as what no verifier accepts', () => {
    const { attestation } = takeAttestation(['X-Agent-Attestation', base64url('a'.repeat(32)), 'X-Agent-Attestation', base64url('b'.repeat(32))]);
    expect(attestation).toBe(`${'a'.repeat(32)}\n${'b'.repeat(32)}`);
  });
});
