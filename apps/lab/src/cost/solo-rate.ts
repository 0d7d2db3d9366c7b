/** How many medium calls per second one `solo` judges: several taps, each with a window of calls in flight, for a fixed count. */
import { fileURLToPath } from 'node:url';
import { StdioPeer } from './stdio-peer.js';

export interface SoloRateOptions {
  readonly program: string;
  readonly dataDir: string;
  readonly taps: number;
  readonly inFlightPerTap: number;
  readonly calls: number;
}

export interface SoloRate {
  readonly calls: number;
  readonly refused: number;
  readonly seconds: number;
  readonly callsPerSecond: number;
}

const echoServer = fileURLToPath(new URL('../peers/echo-server.js', import.meta.url));

export async function soloRate({ program, dataDir, taps, inFlightPerTap, calls }: SoloRateOptions): Promise<SoloRate> {
  const identity = (n: number) => ['tap', '--server', 'lab-echo', '--agent', `lab-${n}`, '--role', 'lab', '--data', dataDir, '--', process.execPath, echoServer];
  const peers = Array.from({ length: taps }, (_, n) => new StdioPeer(process.execPath, [program, ...identity(n)]));
  await Promise.all(peers.map((peer) => peer.initialize()));
  let [sent, refused] = [0, 0];
  const began = performance.now();
  const worker = async (peer: StdioPeer) => {
    while (sent < calls) {
      const text = `note ${sent++} of the day`;
      if ((await peer.request('tools/call', { name: 'set_label', arguments: { text } })).includes('"isError":true')) refused += 1;
    }
  };
  await Promise.all(peers.flatMap((peer) => Array.from({ length: inFlightPerTap }, () => worker(peer))));
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(peers.map((peer) => peer.close()));
  return { calls: sent, refused, seconds, callsPerSecond: sent / seconds };
}
