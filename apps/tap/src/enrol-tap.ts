/**
 * Makes a tap known to a gate before it runs: its key, and one signed hello with a one-time token.
 * EN1. The private key stays in the tap's folder (TH2); the gate gets its public half.
 * EN2. The hello's epoch opens nothing: no observation is made, and a running tap of this name connects again by itself.
 */
import { sign } from 'node:crypto';
import { connect } from 'node:net';
import { LineFramer } from '@countersign/wire';
import { readGateFrame } from './gate-frames.js';
import { openTapKey, publicHalf, type TapName } from './tap-home.js';
import { version } from './start.js';

const frameBytesMax = 4 * 1024 * 1024;
const answerMsMax = 5_000;

export interface EnrolRequest extends TapName {
  readonly dataDir: string;
  readonly socketPath: string;
  /** Absent: the gate takes the key if it knows it, or enrols at first use. */
  readonly token?: string | undefined;
}

export interface EnrolledTap {
  readonly tapId: string;
  readonly publicKey: string;
}

/** @throws a sentence when the gate cannot be reached or turns the tap away; the key stays, and enrolling may be tried again. */
export function enrolTap({ dataDir, socketPath, token, ...name }: EnrolRequest): Promise<EnrolledTap> {
  const { tapId, key } = openTapKey(dataDir, name);
  const publicKey = publicHalf(key);
  const { server, agent, role } = name;
  const identity = { tapId, epoch: 1, server, agent: { name: agent, role }, publicKey, version, ...(token === undefined ? {} : { enrolToken: token }) };
  return new Promise((resolve, reject) => {
    const framer = new LineFramer({ lineBytesMax: frameBytesMax });
    const socket = connect(socketPath);
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(why));
    };
    const take = (bytes: Uint8Array): void => {
      const frame = readGateFrame(bytes);
      if (frame?.type === 'challenge') {
        const signature = sign(null, Buffer.from(`countersign-tap-hello\n${frame.nonce}\n${tapId}\n${identity.epoch}`), key).toString('base64url');
        socket.write(`${JSON.stringify({ type: 'hello', ...identity, signature })}\n`);
      } else if (frame?.type === 'refused') fail(frame.reason);
      else if (frame?.type === 'welcome') {
        socket.destroy();
        resolve({ tapId, publicKey });
      }
    };
    socket.setTimeout(answerMsMax, () => fail(`the gate at ${socketPath} did not answer within five seconds. Nothing is known to be enrolled; try again.`));
    socket.on('error', (error) => fail(`no gate answers at ${socketPath} (${error.message}). The tap's key was made; start the gate (\`countersign up\`) and try again.`));
    socket.on('close', () => fail(`the gate at ${socketPath} closed the connection without an answer. Try again.`));
    socket.on('data', (chunk: Buffer) => {
      for (const framed of framer.push(chunk)) if (framed.kind === 'line' && !socket.destroyed) take(framed.bytes);
    });
  });
}
