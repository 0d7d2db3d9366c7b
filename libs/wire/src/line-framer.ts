/**
 * Finds the lines of a stdio stream in its bytes.
 * LF1. Boundaries are found in bytes: nothing is decoded before its line is complete, so no character is ever cut.
 * LF2. The `raw` of all lines, concatenated in order, are exactly what was pushed.
 * LF3. What the lines are does not depend on where the input was cut.
 * LF4. A line longer than `lineBytesMax` is handed out in pieces (`head`, `piece`, `tail`): at most that many bytes are ever held.
 * Only LF ends a line; a CR before it belongs to the ending, not to the message.
 */
const LF = 10;
const CR = 13;

export type LineEnding = '\n' | '\r\n' | '';

export type Framed =
  /** `raw` is the line as it came, ending included; `bytes` the same without it. */
  | { readonly kind: 'line'; readonly raw: Uint8Array; readonly bytes: Uint8Array; readonly ending: LineEnding }
  /** A line that outgrew the bound begins: all of it that was held. */
  | { readonly kind: 'head'; readonly chunks: readonly Uint8Array[] }
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  /** Its last bytes, the line ending included. */
  | { readonly kind: 'tail'; readonly bytes: Uint8Array };

export class LineFramer {
  readonly #lineBytesMax: number;
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  #isLong = false;

  constructor(options: { readonly lineBytesMax: number }) {
    this.#lineBytesMax = options.lineBytesMax;
  }

  /** Bytes of the unfinished line held here. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes the next bytes, of any length; the chunk must not be changed afterwards. Lines are views of it where they fit in one chunk. */
  push(chunk: Uint8Array): Framed[] {
    const framed: Framed[] = [];
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(LF, at);
      if (end === -1) break;
      framed.push(this.#complete(chunk.subarray(at, end + 1)));
      at = end + 1;
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at), framed);
    return framed;
  }

  /** The stream ended: what is left, if anything, is a last line without an ending. */
  end(): Framed | undefined {
    if (this.#isLong) return this.#complete(new Uint8Array(0));
    if (this.#heldBytes === 0) return undefined;
    const bytes = joined(this.#chunks);
    this.#forget();
    return { kind: 'line', raw: bytes, bytes, ending: '' };
  }

  #complete(last: Uint8Array): Framed {
    if (this.#isLong) {
      this.#isLong = false;
      return { kind: 'tail', bytes: last };
    }
    const whole = this.#chunks.length === 0 ? last : joined([...this.#chunks, last]);
    this.#forget();
    const ending = whole.length > 1 && whole[whole.length - 2] === CR ? '\r\n' : '\n';
    return { kind: 'line', raw: whole, bytes: whole.subarray(0, whole.length - ending.length), ending };
  }

  #keep(rest: Uint8Array, framed: Framed[]): void {
    if (this.#isLong) {
      framed.push({ kind: 'piece', bytes: rest });
      return;
    }
    // A stream of tiny chunks keeps whole parent buffers alive through its views; a copy keeps the bound honest.
    this.#chunks.push(rest.length < 1024 && rest.buffer.byteLength > rest.length ? Uint8Array.from(rest) : rest);
    this.#heldBytes += rest.length;
    if (this.#chunks.length > 4096) this.#chunks = [joined(this.#chunks)];
    if (this.#heldBytes <= this.#lineBytesMax) return;
    framed.push({ kind: 'head', chunks: this.#chunks });
    this.#forget();
    this.#isLong = true;
  }

  #forget(): void {
    this.#chunks = [];
    this.#heldBytes = 0;
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
