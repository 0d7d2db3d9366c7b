/**
 * JSON lines from a file, plain or gzipped, one at a time.
 * RR1. Memory is bounded by the longest line allowed; a longer one is told and passed over.
 * RR2. A line that is not JSON, or a file that breaks off, is told with its number; what stood before it counts.
 */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';

const lineBytesMax = 64 * 1024 * 1024;

export interface Row {
  /** From 1. */
  readonly line: number;
  readonly value: unknown;
}

export interface RowProblem {
  readonly file: string;
  readonly line: number;
  /** A sentence. */
  readonly message: string;
}

export type OnProblem = (problem: RowProblem) => void;

/** @throws when the file cannot be opened: then there is nothing to replay. */
export async function* readRows(file: string, onProblem: OnProblem): AsyncGenerator<Row> {
  let line = 0;
  try {
    for await (const bytes of lineBytes(file)) {
      line += 1;
      if (bytes === undefined) {
        onProblem({ file, line, message: `The line is longer than ${lineBytesMax} bytes and was passed over.` });
        continue;
      }
      const text = bytes.toString('utf8').trim();
      if (text === '') continue;
      const row = parsed(text);
      if (row === undefined) onProblem({ file, line, message: 'The line is not JSON and was passed over.' });
      else yield { line, value: row.value };
    }
  } catch (error) {
    if (!isBrokenFile(error)) throw error;
    onProblem({ file, line: line + 1, message: 'The file breaks off or is damaged from here on; the rows before were read.' });
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function isBrokenFile(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && (code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE');
}

/** Lines without their ends; undefined stands for one that was too long. */
async function* lineBytes(file: string): AsyncGenerator<Buffer | undefined> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks(file)) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const isTooLong = pendingBytes + end - from > lineBytesMax;
      yield isTooLong ? undefined : Buffer.concat([...pending, chunk.subarray(from, end)]);
      pending = [];
      pendingBytes = 0;
      from = end + 1;
    }
    pendingBytes += chunk.length - from;
    if (pendingBytes > lineBytesMax) pending = [];
    else if (from < chunk.length) pending.push(chunk.subarray(from));
  }
  if (pendingBytes > 0) yield pendingBytes > lineBytesMax ? undefined : Buffer.concat(pending);
}

function chunks(file: string): AsyncIterable<Buffer> {
  const isPacked = isGzip(file);
  const bytes = createReadStream(file);
  if (!isPacked) return bytes as AsyncIterable<Buffer>;
  const text = createGunzip();
  bytes.on('error', (error) => text.destroy(error));
  return bytes.pipe(text) as AsyncIterable<Buffer>;
}

function isGzip(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const head = Buffer.alloc(2);
    return readSync(handle, head, 0, 2, 0) === 2 && head[0] === 0x1f && head[1] === 0x8b;
  } finally {
    closeSync(handle);
  }
}
