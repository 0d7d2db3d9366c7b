import type { Observation } from '@countersign/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { startCoreTap } from './testing/core-tap.js';
import { connectClient, type DrivenClient } from './testing/sdk-clients.js';
import { startLegacyServer, startModernServer, type SdkServer } from './testing/sdk-servers.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const peer of open.splice(0).toReversed()) await peer.close();
});

async function setUp(server: SdkServer): Promise<{ readonly url: string; observations(): readonly Observation[] }> {
  const tap = await startCoreTap(server.url);
  open.push(server, tap);
  return { url: `http://127.0.0.1:${tap.port}/mcp`, observations: () => tap.observations() };
}

async function client(kind: Parameters<typeof connectClient>[0], url: string): Promise<DrivenClient> {
  const connected = await connectClient(kind, url);
  open.push(connected);
  return connected;
}

const peers = [
  ['v1', 'legacy', () => startLegacyServer(), 'mcp-session-id'],
  ['v1', 'legacy', () => startModernServer(), 'idle-gap'],
  ['v2 legacy', 'legacy', () => startLegacyServer({ json: true }), 'mcp-session-id'],
  ['v2 modern', 'modern', () => startModernServer(), 'idle-gap'],
] as const;

describe('the HTTP tap with the core of the tap', () => {
  it.each(peers)('[T45] [T49] [T53] %s in the %s era: a read passes, a deletion is denied without a gate, every message is one observation', async (...[kind, era, start, sessionRule]) => {
    const server = await start();
    const { url, observations } = await setUp(server);
    const peer = await client(kind, url);
    await peer.listTools();
    expect(await peer.call('peek', { id: 7 })).toMatchObject({ content: [{ text: 'note 7' }] });
    expect(await peer.call('delete_note', { id: 7 })).toMatchObject({ isError: true });
    expect(server.ran).toEqual(['peek 7']);
    const seen = observations();
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index));
    const calls = seen.filter(({ call }) => call !== undefined);
    expect(calls.map(({ call, direction }) => [direction, call?.tool, call?.phase])).toEqual([
      ['client-to-server', 'peek', 'request'], ['server-to-client', 'peek', 'result'], ['client-to-server', 'delete_note', 'request'],
    ]);
    expect(calls.map((observation) => [observation.era, observation.transport, observation.sessionRule])).toEqual(Array(3).fill([era, 'http', sessionRule]));
    expect(new Set(seen.filter(({ message }) => message !== undefined).map(({ session }) => session)).size).toBe(1);
    expect(seen.some(({ message }) => message?.flags.includes('duplicate-id') === true || message?.shape === 'noise')).toBe(false);
  });
});
