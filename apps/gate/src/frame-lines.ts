/**
 * Cuts a byte stream into lines.
 * FL1. A line that grows beyond `bytesMax` is refused before it is whole; at most that much is ever kept.
 * FL2. Bytes after the last newline wait for the next chunk.
 */
const newline = 0x0a;

/** A frame is longer than its sender was told it may be. */
export class FrameTooLong extends Error {
  override readonly name = 'FrameTooLong';
  constructor(bytesMax: number) {
    super(`a frame is longer than ${bytesMax} bytes; it was not read. Send smaller frames.`);
  }
}

export interface FrameLines {
  /** @returns the lines that this chunk completed, as UTF-8 text without their newline. @throws FrameTooLong */
  push(chunk: Buffer): readonly string[];
}

/** @param bytesMax asked at each chunk, because an unknown peer is granted less than a known one. */
export function createFrameLines(bytesMax: () => number): FrameLines {
  let kept: Buffer[] = [];
  let keptBytes = 0;

  function keep(part: Buffer): void {
    if (keptBytes + part.length > bytesMax()) throw new FrameTooLong(bytesMax());
    kept.push(part);
    keptBytes += part.length;
  }

  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        keep(chunk.subarray(start, end));
        lines.push(Buffer.concat(kept).toString('utf8'));
        kept = [];
        keptBytes = 0;
        start = end + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
      return lines;
    },
  };
}
