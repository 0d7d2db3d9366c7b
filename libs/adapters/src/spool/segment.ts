/**
 * One segment file of the spool: frames one behind the other.
 * SG1. `append` leaves either a whole frame or none: what was not wholly written (or not synced, where that was asked) is cut off again.
 * SG2. After a failed sync the segment takes no more: the kernel may have dropped its pages, and a second sync could lie.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { decodeFrame, frameBytesMax, type SpoolEntry } from '@countersign/wire';

const chunkBytes = 1024 * 1024;

export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

export interface ReadEntries {
  readonly entries: readonly SpoolEntry[];
  readonly nextOffset: number;
  /** The bytes at `nextOffset` cannot be read as a frame although more should be there. */
  readonly isDamaged: boolean;
}

export class Segment {
  readonly #fd: number;
  #bytes: number;
  #isBroken = false;
  #isClosed = false;
  /** Known once something was appended here or it was read to its end. */
  last: Position | undefined;

  private constructor(readonly file: string, readonly first: Position, mode: 'create' | 'open') {
    this.#fd = openSync(file, mode === 'create' ? 'wx+' : 'r+', 0o600);
    this.#bytes = fstatSync(this.#fd).size;
  }

  static create(file: string, first: Position): Segment {
    return new Segment(file, first, 'create');
  }

  static open(file: string, first: Position): Segment {
    return new Segment(file, first, 'open');
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** @returns where in the file the frame begins. */
  append(frame: Buffer, position: Position, options: { readonly sync: boolean }): number {
    let isWritten = false;
    try {
      let written = 0;
      while (written < frame.length) written += writeSync(this.#fd, frame, written, frame.length - written, this.#bytes + written);
      isWritten = true;
      if (options.sync) fdatasyncSync(this.#fd);
    } catch (error) {
      this.#isBroken = isWritten;
      this.cutTo(this.#bytes);
      throw error;
    }
    const at = this.#bytes;
    this.#bytes += frame.length;
    this.last = position;
    return at;
  }

  /** Writes over bytes that are there already. @returns false when it cannot be written, or the file is closed. */
  overwrite(at: number, bytes: Buffer): boolean {
    if (this.#isClosed || at + bytes.length > this.#bytes) return false;
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written, bytes.length - written, at + written);
      return true;
    } catch {
      return false;
    }
  }

  cutTo(bytes: number): void {
    ftruncateSync(this.#fd, bytes);
    this.#bytes = bytes;
  }

  read(offset: number, recordsMax: number): ReadEntries {
    let chunk = this.bytesFrom(offset, chunkBytes);
    if (decodeFrame(chunk, 0) === 'torn') chunk = this.bytesFrom(offset, frameBytesMax + 8);
    const entries: SpoolEntry[] = [];
    let at = 0;
    while (entries.length < recordsMax && at < chunk.length) {
      const frame = decodeFrame(chunk, at);
      if (frame === 'torn' && at > 0 && offset + chunk.length < this.#bytes) break;
      if (frame === 'torn' || frame === 'corrupt') return { entries, nextOffset: offset + at, isDamaged: true };
      entries.push(frame.entry());
      at = frame.end;
    }
    return { entries, nextOffset: offset + at, isDamaged: false };
  }

  bytesFrom(offset: number, bytesMax: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(bytesMax, this.#bytes - offset)));
    let read = 0;
    while (read < buffer.length) {
      const more = readSync(this.#fd, buffer, read, buffer.length - read, offset + read);
      if (more === 0) break;
      read += more;
    }
    return buffer.subarray(0, read);
  }

  close(): void {
    this.#isClosed = true;
    closeSync(this.#fd);
  }

  remove(): void {
    this.close();
    unlinkSync(this.file);
  }
}
