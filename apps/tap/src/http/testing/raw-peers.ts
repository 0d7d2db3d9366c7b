/** Peers made of sockets alone, for comparing bytes and for misbehaving. */
import net from 'node:net';

export interface RawRequest {
  /** Start line and header lines. */
  readonly head: readonly string[];
  readonly body: Buffer;
  readonly socket: net.Socket;
}

export interface RawServer {
  readonly port: number;
  readonly requests: RawRequest[];
  /** Sees each new connection before anything was read from it. */
  onSocket: (socket: net.Socket) => void;
  close(): Promise<void>;
}

/** Calls `answer` for each complete request; what it writes is up to it. */
export async function startRawServer(answer: (request: RawRequest) => void): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    raw.onSocket(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const parsed = parseMessage(received);
      if (parsed === undefined) return;
      received = Buffer.alloc(0);
      const request = { ...parsed, socket };
      requests.push(request);
      answer(request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const raw: RawServer = {
    port: (server.address() as net.AddressInfo).port,
    requests,
    onSocket: () => undefined,
    close: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    }),
  };
  return raw;
}

/** A client's socket with what it got so far. */
export class RawClient {
  readonly socket: net.Socket;
  isClosed = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #waiting: (() => void)[] = [];

  constructor(port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** All that came so far; may be emptied between two exchanges. */
  get received(): Buffer {
    // Put together only when somebody looks, for twenty megabytes come in hundreds of pieces.
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  set received(bytes: Buffer) {
    this.#chunks = [bytes];
    this.#bytes = bytes.length;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Waits until the text so far satisfies the condition, or the server closed. */
  async until(condition: (text: string) => boolean): Promise<string> {
    while (!condition(this.received.toString('latin1')) && !this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.received.toString('latin1');
  }

  /** The whole answer, as head lines and body without chunk framing. */
  async answer(): Promise<{ readonly head: readonly string[]; readonly body: Buffer }> {
    if (this.#bytes === 0 && !this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let parsed = parseMessage(this.received);
    const bytesMin = Number(/\r\ncontent-length: *(\d+)/i.exec(this.received.subarray(0, 4096).toString('latin1'))?.[1] ?? 0);
    while (parsed === undefined && !this.isClosed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#bytes >= bytesMin) parsed = parseMessage(this.received);
    }
    if (parsed === undefined) throw new Error(`The connection closed before the answer was whole: ${this.received.toString('latin1')}`);
    return parsed;
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** A whole HTTP/1.1 message, or nothing yet. */
export function parseMessage(bytes: Buffer): { readonly head: readonly string[]; readonly body: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const rest = bytes.subarray(end + 4);
  const field = (name: string) => head.find((line) => line.toLowerCase().startsWith(`${name}:`))?.split(':')[1]?.trim();
  if (field('transfer-encoding') === 'chunked') {
    const body = dechunk(rest);
    return body === undefined ? undefined : { head, body };
  }
  const length = Number(field('content-length') ?? 0);
  return rest.length < length ? undefined : { head, body: rest.subarray(0, length) };
}

function dechunk(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (bytes.length < end + 2 + size + 2) return undefined;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

/** Head lines that belong to the whole way, sorted out of those of one connection. */
export function endToEndLines(head: readonly string[]): string[] {
  return head.filter((line) => !/^(connection|keep-alive|transfer-encoding|host):/i.test(line));
}

export function post(body: string | Uint8Array, options: { readonly path?: string; readonly headers?: readonly string[]; readonly port?: number } = {}): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body);
  const lines = [`POST ${options.path ?? '/mcp'} HTTP/1.1`, `Host: 127.0.0.1:${options.port ?? 1}`, 'Content-Type: application/json', 'Accept: application/json, text/event-stream', ...(options.headers ?? []), `Content-Length: ${bytes.length}`];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}
