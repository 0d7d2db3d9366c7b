/**
 * Finds the events of a `text/event-stream` in its bytes, so that each can be relayed at once and unchanged.
 * SE1. The `raw` of all frames, concatenated, is exactly what was pushed: nothing is decoded, normalised or dropped.
 * SE2. A frame is returned by the very push that completes it; a comment outside an event does not wait for a blank line.
 * SE3. The frames do not depend on where the input was cut, except that the LF of a CRLF cut in two opens the next frame.
 * SE4. At most `eventBytesMax` are held for an unfinished event; after that the framer is `overflowed` and takes no more.
 * Source: WHATWG HTML, "Interpreting an event stream" (CR, LF and CRLF end a line; one leading byte order mark is ignored).
 */
const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;

/** One field line: `start` to `end` is its text, `end` to the next line's start its line ending; offsets into `raw`. */
interface Line {
  readonly start: number;
  readonly end: number;
}

/** A run of bytes that is relayed as a whole. `data` is absent where the run carries none (comments, blank lines, `retry:` alone). */
export interface SseFrame {
  readonly raw: Uint8Array;
  /** The data lines joined by LF, as a client would see them; may be empty (SEP-1699 primes a stream so). */
  readonly data?: Uint8Array;
  /** The `event:` field, when present and not empty. */
  readonly type?: string;
  /** The `id:` field of this event. */
  readonly id?: string;
  readonly lines: readonly Line[];
}

export class SseFramer {
  readonly #eventBytesMax: number;
  #chunks: Uint8Array[] = [];
  #pendingBytes = 0;
  #lines: Line[] = [];
  #lineStart = 0;
  #lineFirstByte: number | undefined;
  #afterCr = false;
  #overflowed = false;

  constructor(options: { readonly eventBytesMax: number }) {
    this.#eventBytesMax = options.eventBytesMax;
  }

  /** True once an event grew past `eventBytesMax`; the stream cannot be followed further. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Bytes held for an unfinished event. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Takes the next bytes, of any length, and returns the frames they complete. The chunk must not be changed afterwards. */
  push(chunk: Uint8Array): SseFrame[] {
    const frames: SseFrame[] = [];
    if (this.#overflowed) return frames;
    let taken = 0;
    let at = this.#swallowSplitLf(chunk);
    const next = lineEndFinder(chunk);
    while (at < chunk.length) {
      this.#lineFirstByte ??= chunk[at];
      const end = next(at);
      if (end === -1) break;
      let after = end + 1;
      if (chunk[end] === CR && chunk[after] === LF) after += 1;
      this.#afterCr = chunk[end] === CR && after === end + 1 && after === chunk.length;
      const base = this.#pendingBytes - taken;
      if (this.#closesFrame(base + end)) {
        frames.push(this.#emit(chunk.subarray(taken, after)));
        taken = after;
      } else {
        this.#lineStart = base + after;
      }
      this.#lineFirstByte = undefined;
      at = after;
    }
    this.#keep(chunk.subarray(taken));
    return frames;
  }

  /** The stream ended: what is left, if anything, as a last frame (a client may or may not act on it). */
  end(): SseFrame | undefined {
    if (this.#pendingBytes === 0 || this.#overflowed) return undefined;
    if (this.#lineStart < this.#pendingBytes) this.#lines.push({ start: this.#lineStart, end: this.#pendingBytes });
    return this.#emit(new Uint8Array(0));
  }

  #swallowSplitLf(chunk: Uint8Array): number {
    if (!this.#afterCr || chunk.length === 0) return 0;
    this.#afterCr = false;
    if (chunk[0] !== LF) return 0;
    this.#lineStart += 1;
    return 1;
  }

  /** Records the line that ends at `end`; says whether the bytes so far are a frame. */
  #closesFrame(end: number): boolean {
    const isBlank = end === this.#lineStart;
    if (!isBlank) this.#lines.push({ start: this.#lineStart, end });
    return isBlank || (this.#lineFirstByte === COLON && this.#lines.length === 1);
  }

  #emit(last: Uint8Array): SseFrame {
    const raw = this.#chunks.length === 0 ? last : concatBytes([...this.#chunks, last]);
    const lines = this.#lines;
    this.#chunks = [];
    this.#pendingBytes = 0;
    this.#lines = [];
    this.#lineStart = 0;
    return readFrame(raw, lines);
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#chunks.push(rest);
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes <= this.#eventBytesMax) return;
    this.#overflowed = true;
    this.#chunks = [];
    this.#pendingBytes = 0;
  }
}

/**
 * The same event with other data: every other line, its order and the line endings stay as they came.
 * @param data  JSON text; line breaks in it (insignificant between tokens) become several data lines.
 */
export function sseFrameWithData(frame: SseFrame, data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  let placed = false;
  frame.lines.forEach((line, index) => {
    if (fieldOf(frame.raw, line)?.name !== 'data') return;
    const next = frame.lines[index + 1]?.start ?? endOfLine(frame.raw, line.end);
    parts.push(frame.raw.subarray(at, line.start));
    if (!placed) parts.push(dataLines(data, frame.raw.subarray(line.end, next)));
    placed = true;
    at = next;
  });
  parts.push(frame.raw.subarray(at));
  return concatBytes(parts);
}

/** A whole event carrying one JSON-RPC message, as a server would write it. */
export function sseMessage(message: Uint8Array): Uint8Array {
  return concatBytes([Buffer.from('event: message\n'), dataLines(message, Buffer.from('\n')), Buffer.from('\n')]);
}

/** A comment: keeps a connection alive and means nothing to a client. */
export const sseKeepAlive: Uint8Array = Buffer.from(':\n\n');

/** Joins byte runs; one run is returned as it is, without a copy. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

function lineEndFinder(chunk: Uint8Array): (from: number) => number {
  let lf = -2;
  let cr = -2;
  // Each search result is kept until passed, so a chunk without one kind of ending is searched for it once.
  return (from) => {
    if (lf !== -1 && lf < from) lf = chunk.indexOf(LF, from);
    if (cr !== -1 && cr < from) cr = chunk.indexOf(CR, from);
    if (lf === -1) return cr;
    return cr === -1 ? lf : Math.min(lf, cr);
  };
}

function readFrame(raw: Uint8Array, lines: readonly Line[]): SseFrame {
  const data: Uint8Array[] = [];
  let type: string | undefined;
  let id: string | undefined;
  for (const line of lines) {
    const field = fieldOf(raw, line);
    if (field === undefined) continue;
    if (field.name === 'data') data.push(field.value);
    else if (field.name === 'event') type = text(field.value);
    else if (field.name === 'id' && !field.value.includes(0)) id = text(field.value);
  }
  return {
    raw,
    lines,
    ...(data.length > 0 ? { data: joinLines(data) } : {}),
    ...(type === undefined || type === '' ? {} : { type }),
    ...(id === undefined ? {} : { id }),
  };
}

function fieldOf(raw: Uint8Array, line: Line): { readonly name: string; readonly value: Uint8Array } | undefined {
  const start = hasByteOrderMark(raw, line.start) ? line.start + 3 : line.start;
  const colon = raw.subarray(start, line.end).indexOf(COLON);
  if (colon === 0) return undefined;
  // No field that matters has a longer name: a megabyte without a colon is not decoded.
  if (colon === -1) return line.end - start > 16 ? undefined : { name: text(raw.subarray(start, line.end)), value: raw.subarray(line.end, line.end) };
  if (colon > 16) return undefined;
  const value = start + colon + 1;
  return { name: text(raw.subarray(start, start + colon)), value: raw.subarray(raw[value] === SPACE && value < line.end ? value + 1 : value, line.end) };
}

function hasByteOrderMark(raw: Uint8Array, at: number): boolean {
  return at === 0 && raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
}

function dataLines(data: Uint8Array, ending: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const next = lineEndFinder(data);
  let at = 0;
  while (at <= data.length) {
    const end = next(at);
    const stop = end === -1 ? data.length : end;
    parts.push(Buffer.from('data: '), data.subarray(at, stop), ending.length === 0 ? Buffer.from('\n') : ending);
    if (end === -1) break;
    at = data[end] === CR && data[end + 1] === LF ? end + 2 : end + 1;
  }
  return concatBytes(parts);
}

function endOfLine(raw: Uint8Array, end: number): number {
  if (end >= raw.length) return end;
  return raw[end] === CR && raw[end + 1] === LF ? end + 2 : end + 1;
}

function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = lines;
  if (first === undefined) return new Uint8Array(0);
  return rest.length === 0 ? first : concatBytes([first, ...rest.flatMap((line) => [Buffer.from('\n'), line])]);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
