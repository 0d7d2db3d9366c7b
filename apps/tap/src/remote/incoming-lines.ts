/**
 * What comes from the remote server, as the lines a stdio client reads.
 * IL1. A message is one line: white space that would end it is a space; inside strings JSON has no such characters.
 * IL2. While the reader does not take lines, whoever hands one on waits.
 */
import { PassThrough, type Readable } from 'node:stream';

export class IncomingLines {
  readonly #stream = new PassThrough({ highWaterMark: 1024 * 1024 });

  get readable(): Readable {
    return this.#stream;
  }

  /** @param message JSON text. Resolves when the next may come. */
  async push(message: Uint8Array): Promise<void> {
    if (this.#stream.writableEnded || this.#stream.destroyed || message.length === 0) return;
    if (this.#stream.write(onOneLine(message))) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#stream.off('drain', go).off('close', go);
        resolve();
      };
      this.#stream.on('drain', go).on('close', go);
    });
  }

  end(): void {
    if (!this.#stream.writableEnded) this.#stream.end();
  }
}

function onOneLine(message: Uint8Array): Buffer {
  const line = Buffer.allocUnsafe(message.length + 1);
  line.set(message);
  for (const ending of [10, 13]) for (let at = line.indexOf(ending); at !== -1 && at < message.length; at = line.indexOf(ending, at)) line[at] = 32;
  line[message.length] = 10;
  return line;
}
