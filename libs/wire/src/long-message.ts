/**
 * What can be known of a message too long to inspect, from its bytes as they pass, without keeping them.
 * LM1. Memory is bounded: only the envelope's short members are kept (`method`, `id`, the called tool's name).
 * LM2. It tells apart what to correlate and what to refuse; no verdict ever rests on it.
 * LM3. `isSure` is false when the envelope could be read in two ways (repeated or oddly spelt members, a carriage return inside).
 */
const captureBytesMax = 1024;
const routingKeys = ['method', 'params', 'id', 'name'];

export interface LongMessage {
  readonly bytes: number;
  readonly method?: string;
  readonly rpcId?: string;
  readonly tool?: string;
  readonly isSure: boolean;
}

export class LongMessageReader {
  #bytes = 0;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #isKeyNext = false;
  /** Keys on the way to the current value, for the two outer objects. */
  readonly #path: string[] = [];
  #capture: number[] | undefined;
  #captureIsKey = false;
  /** Which routing members were seen; repeated ones make the reading unsure. */
  readonly #routed = new Set<string>();
  readonly #found = new Map<string, string>();
  #isSure = true;
  #endedWithReturn = false;

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#noticeReturns(chunk);
    let at = 0;
    while (at < chunk.length) {
      at = this.#skipQuiet(chunk, at);
      if (at < chunk.length) this.#step(chunk[at] as number);
      at += 1;
    }
  }

  end(): LongMessage {
    this.#closeCapture();
    const method = stringOf(this.#found.get('method'));
    const tool = stringOf(this.#found.get('params/name'));
    const rpcId = this.#found.get('id');
    return {
      bytes: this.#bytes,
      isSure: this.#isSure,
      ...(method === undefined ? {} : { method }),
      ...(rpcId === undefined || rpcId === 'null' ? {} : { rpcId }),
      ...(tool === undefined ? {} : { tool }),
    };
  }

  /** Almost all bytes of a long message are inside strings or deep structures, and say nothing; these loops pass over them. */
  #skipQuiet(chunk: Uint8Array, from: number): number {
    if (this.#capture !== undefined || this.#isEscaped) return from;
    if (this.#inString) return this.#depth > deepFrom ? this.#skipDeep(chunk, from) : endOfRun(chunk, from);
    return this.#depth > deepFrom ? this.#skipDeep(chunk, from) : from;
  }

  /** Below the outer objects only the depth counts. Stops where the outer ones are reached again, or at the chunk's end. */
  #skipDeep(chunk: Uint8Array, from: number): number {
    let [at, depth, inString] = [from, this.#depth, this.#inString];
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      if (inString) {
        // An escape cut by the end of the chunk is left to the caller.
        if (byte === 92 && at + 1 >= chunk.length) break;
        if (byte === 34) inString = false;
        else if (byte === 92) at += 1;
        else {
          at = endOfRun(chunk, at);
          continue;
        }
      } else if (byte === 34) inString = true;
      else if (byte === 123 || byte === 91) depth += 1;
      else if (byte === 125 || byte === 93) {
        if (depth === deepFrom + 1) break;
        depth -= 1;
      }
      at += 1;
    }
    this.#depth = depth;
    this.#inString = inString;
    return at;
  }

  #noticeReturns(chunk: Uint8Array): void {
    const at = chunk.indexOf(13);
    const isInside = at !== -1 && at < chunk.length - 1 && chunk[at + 1] !== 10;
    if (isInside || (this.#endedWithReturn && chunk[0] !== 10)) this.#isSure = false;
    this.#endedWithReturn = chunk[chunk.length - 1] === 13;
  }

  #step(byte: number): void {
    if (this.#inString) return this.#inStringStep(byte);
    if (byte === 34) return this.#openString();
    if (byte === 123 || byte === 91) return this.#open(byte === 123);
    if (byte === 125 || byte === 93) return this.#close();
    if (byte === 44) return this.#comma();
    if (byte === 58 || byte <= 32) return;
    if (this.#capture === undefined && this.#wantsValue()) this.#capture = [];
    if (!this.#captureIsKey) this.#capture?.push(byte);
  }

  #inStringStep(byte: number): void {
    if (this.#capture !== undefined && this.#capture.length <= captureBytesMax) this.#capture.push(byte);
    if (this.#isEscaped) {
      this.#isEscaped = false;
      return;
    }
    if (byte === 92) this.#isEscaped = true;
    if (byte !== 34) return;
    this.#inString = false;
    if (this.#captureIsKey) this.#closeKey();
  }

  #openString(): void {
    this.#inString = true;
    this.#captureIsKey = this.#isKeyNext && this.#depth <= 2;
    if (this.#captureIsKey || this.#wantsValue()) this.#capture = [34];
  }

  #wantsValue(): boolean {
    const path = this.#path.slice(0, this.#depth).join('/');
    return !this.#isKeyNext && ((this.#depth === 1 && (path === 'id' || path === 'method')) || (this.#depth === 2 && path === 'params/name'));
  }

  #open(isObject: boolean): void {
    this.#depth += 1;
    this.#isKeyNext = isObject && this.#depth <= 2;
    if (!isObject && this.#depth <= 2) this.#path[this.#depth - 1] = '[]';
  }

  #close(): void {
    this.#closeCapture();
    this.#depth -= 1;
    this.#isKeyNext = false;
  }

  #comma(): void {
    this.#closeCapture();
    this.#isKeyNext = this.#depth <= 2 && this.#depth > 0 && this.#path[this.#depth - 1] !== '[]';
  }

  #closeKey(): void {
    const key = stringOf(Buffer.from(this.#capture ?? []).toString('utf8')) ?? '';
    this.#capture = undefined;
    this.#captureIsKey = false;
    this.#isKeyNext = false;
    this.#path[this.#depth - 1] = key;
    const folded = key.toLowerCase();
    if (!routingKeys.includes(folded)) return;
    const path = this.#path.slice(0, this.#depth).join('/').toLowerCase();
    if (folded !== key || this.#routed.has(path)) this.#isSure = false;
    this.#routed.add(path);
  }

  #closeCapture(): void {
    if (this.#capture === undefined) return;
    const path = this.#path.slice(0, this.#depth).join('/');
    this.#found.set(path, Buffer.from(this.#capture).toString('utf8'));
    this.#capture = undefined;
  }
}

/** Nothing of the envelope stands deeper. */
const deepFrom = 2;
/** A run shorter than this is cheaper to step through than to search. */
const nearBytes = 48;

/** The first quote or backslash from here on, or the chunk's end. */
function endOfRun(chunk: Uint8Array, from: number): number {
  const near = Math.min(chunk.length, from + nearBytes);
  let at = from;
  while (at < near && chunk[at] !== 34 && chunk[at] !== 92) at += 1;
  if (at < near || at === chunk.length) return at;
  const view = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const quote = view.indexOf(34, at);
  const end = quote === -1 ? chunk.length : quote;
  const backslash = view.subarray(at, end).indexOf(92);
  return backslash === -1 ? end : at + backslash;
}

function stringOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
