/**
 * How Redis is reached, and which of its errors pass with time. Classified by code: the first word of a reply's error is Redis's code.
 * RC1. No command waits for a connection: while Redis is away a command fails at once or within `commandMsMax`, as something to repeat.
 */
import { RetriableError, type Telemetry } from '@countersign/pipeline';
import { Redis, ReplyError, type RedisOptions } from 'ioredis';

export interface RedisConnection {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  /** Before every key's name; `{countersign}`: the braces keep all keys on one node of a Redis cluster. */
  readonly prefix?: string;
}

export const prefixDefault = '{countersign}';
const connectMsMax = 5_000;
const commandMsMax = 5_000;
const reconnectMsMax = 1_000;
const passingCodes: ReadonlySet<string> = new Set(['LOADING', 'BUSY', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'MOVED', 'ASK', 'OOM', 'MISCONF', 'NOREPLICAS', 'NOAUTH', 'WRONGPASS', 'NOPERM', 'UNKILLABLE']);

/** Shared by every client of ours; a worker that waits for jobs sets `maxRetriesPerRequest` to null itself. */
export const redisOptions = {
  lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 1, connectTimeout: connectMsMax, commandTimeout: commandMsMax,
  retryStrategy: (attempt: number) => Math.min(reconnectMsMax, 50 * attempt),
} as const satisfies RedisOptions;

/**
 * A connected client that reconnects by itself.
 * @throws `RetriableError` when Redis does not answer, `Error` when it is too old or may forget what it was told.
 */
export async function connectRedis({ url }: RedisConnection, telemetry: Telemetry): Promise<Redis> {
  const client = new Redis(url, redisOptions);
  let isDown = false;
  client.on('error', (error: Error) => {
    if (isDown) return;
    isDown = true;
    telemetry({ event: 'RedisLost', level: 'warn', message: `Redis does not answer (${codeOf(error)}); what needs it is refused as something to repeat, and the connection is tried again.` });
  });
  client.on('ready', () => {
    isDown = false;
  });
  const refusal = await refusalOf(client, telemetry);
  if (refusal === undefined) return client;
  client.disconnect();
  throw refusal;
}

async function refusalOf(client: Redis, telemetry: Telemetry): Promise<unknown> {
  try {
    await client.connect();
    return keepingRefusal(await settingsOf(client), telemetry);
  } catch (error) {
    return classifiedRedis(error, 'Redis could not be reached; nothing was read or written');
  }
}

/** @param what what was attempted and what stands, as the sentence's beginning. @returns a `RetriableError` for what passes, else the error itself. */
export function classifiedRedis(error: unknown, what: string): unknown {
  if (error instanceof ReplyError) {
    const [code = ''] = (error as Error).message.split(' ', 1);
    return passingCodes.has(code) ? new RetriableError(`${what} (${code}); try again.`, { cause: error }) : error;
  }
  const isOurs = error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError || error instanceof RetriableError;
  // Everything else the client throws by itself is about its connection: refused, closed, too slow.
  return isOurs || !(error instanceof Error) ? error : new RetriableError(`${what} (${codeOf(error)}); try again.`, { cause: error });
}

/** A store that evicts keys loses approvals silently, one without a file loses all of them at a restart. Not every provider lets us look. */
function keepingRefusal(settings: Record<string, string> | undefined, telemetry: Telemetry): Error | undefined {
  if (settings === undefined) {
    telemetry({ event: 'RedisUnchecked', level: 'info', message: 'Redis does not show its settings; that it evicts nothing and keeps an append-only file could not be checked.' });
    return undefined;
  }
  if (settings['maxmemory-policy'] !== 'noeviction') return new Error(`Redis may evict keys (maxmemory-policy ${settings['maxmemory-policy']}), so it could lose approvals and snapshots. Nothing was written; set maxmemory-policy to noeviction.`);
  if (settings['appendonly'] !== 'yes') telemetry({ event: 'RedisForgets', level: 'warn', message: 'Redis keeps no append-only file: what it holds is lost when it restarts. Approvals are then built again from the ledger; set appendonly to yes.' });
  return undefined;
}

async function settingsOf(client: Redis): Promise<Record<string, string> | undefined> {
  try {
    const pairs = (await client.config('GET', 'maxmemory-policy', 'appendonly')) as string[];
    return Object.fromEntries(Array.from({ length: pairs.length / 2 }, (_, at) => [pairs[2 * at] ?? '', pairs[2 * at + 1] ?? '']));
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}

function codeOf(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error.name;
}
