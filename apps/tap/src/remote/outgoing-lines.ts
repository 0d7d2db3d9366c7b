/**
 * What goes to the remote server, line by line, as a stream the pump can write to.
 * OL1. A message is handed on whole, however many writes it came in; only a line feed ends one.
 * OL2. While more than `waitingBytesMax` wait for the server, no more are taken.
 */
import { Writable } from 'node:stream';

const waitingBytesMax = 16 * 1024 * 1024;

/** @param send resolves when the server has taken the message; never rejects. @param onEnd resolves when the conversation is over. */
export function outgoingLines(send: (line: Uint8Array) => Promise<void>, onEnd: () => Promise<void>): Writable {
  let parts: Buffer[] = [];
  let waitingBytes = 0;
  let resume: (() => void) | undefined;
  const hand = (): void => {
    const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    waitingBytes += line.length;
    void send(line).finally(() => {
      waitingBytes -= line.length;
      if (waitingBytes > waitingBytesMax) return;
      resume?.();
      resume = undefined;
    });
  };
  return new Writable({
    highWaterMark: 1024 * 1024,
    write: (chunk: Buffer, _encoding, done) => {
      parts.push(chunk);
      if (chunk.at(-1) === 10) hand();
      if (waitingBytes > waitingBytesMax) resume = done;
      else done();
    },
    final: (done) => {
      if (parts.length > 0) hand();
      void onEnd().then(() => done(), done);
    },
  });
}
