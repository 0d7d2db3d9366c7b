/** The ways from a client to the same echo server: straight, through a yardstick, through a tap. */
import { fileURLToPath } from 'node:url';
import type { CostPeer } from './cost-peer.js';
import { HttpPeer } from './http-peer.js';
import { StdioPeer } from './stdio-peer.js';

export interface TapUnderTest {
  /** The file Node runs: `countersign`, or the tap alone. */
  readonly program: string;
  readonly dataDir: string;
}

export interface Path {
  readonly name: string;
  /** Which path's figures are 1. */
  readonly yardstick: string;
  readonly tool: 'count_words' | 'set_label';
  readonly peer: CostPeer;
}

const peerFile = (name: string) => fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));
const portLine = /^(\d+)$/m;
const tapListens = /listening on http:\/\/127\.0\.0\.1:(\d+)/;

/** @param mark kept in the server's command line, to find its process by. */
export const echoCommand = (mark?: string) => [process.execPath, peerFile('echo-server'), ...(mark === undefined ? [] : [mark])];
export const relayCommand = () => [process.execPath, peerFile('bare-relay'), ...echoCommand()];
export const tapCommand = ({ program, dataDir }: TapUnderTest, server: readonly string[] = echoCommand()) =>
  [process.execPath, program, 'tap', '--server', 'lab-echo', '--agent', 'lab', '--role', 'lab', '--data', dataDir, '--', ...server];

export const startStdio = ([command = '', ...args]: readonly string[]) => new StdioPeer(command, args);

export function stdioPaths(tap: TapUnderTest): Path[] {
  const yardstick = 'bare relay';
  return [
    { name: 'direct', yardstick, tool: 'count_words', peer: startStdio(echoCommand()) },
    { name: yardstick, yardstick, tool: 'count_words', peer: startStdio(relayCommand()) },
    { name: 'tap, low tier', yardstick, tool: 'count_words', peer: startStdio(tapCommand(tap)) },
    { name: 'tap, medium tier', yardstick, tool: 'set_label', peer: startStdio(tapCommand(tap)) },
  ];
}

export async function httpPaths({ program, dataDir }: TapUnderTest): Promise<Path[]> {
  const yardstick = 'bare HTTP proxy';
  const direct = await HttpPeer.start([process.execPath, peerFile('http-echo-server')], portLine);
  const url = `http://127.0.0.1:${direct.port}/mcp`;
  const proxy = await HttpPeer.start([process.execPath, peerFile('bare-proxy'), url], portLine);
  const tap = await HttpPeer.start([process.execPath, program, 'tap', '--server', 'lab-echo', '--agent', 'lab', '--role', 'lab', '--data', dataDir, '--upstream', url, '--listen', '127.0.0.1:0', '--end-with-stdin'], tapListens);
  return [
    { name: 'HTTP direct', yardstick, tool: 'count_words', peer: direct },
    { name: yardstick, yardstick, tool: 'count_words', peer: proxy },
    { name: 'HTTP tap, low tier', yardstick, tool: 'count_words', peer: tap },
  ];
}
