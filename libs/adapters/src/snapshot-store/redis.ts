/**
 * Snapshots in Redis: one hash per name, written by one command, so that it is the old one or the new one and never torn (S1).
 * RS1. Survives a kill of the server with an append-only file; a loss of power may take the last second (`appendfsync everysec`).
 *      That costs time, not truth: the snapshot before it stands, or the memory is built again from the ledger.
 * RS2. Compressed: a detector's memory is text that repeats itself, and Redis keeps it in memory.
 * RS3. A claim is one transaction, a save one script that compares fences (S3). A loss of power may undo a claim of the last second;
 *      whoever holds it can still save.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { RetriableError, silentTelemetry, SnapshotStore, type Claim, type Snapshot, type Telemetry } from '@countersign/pipeline';
import type { Redis } from 'ioredis';
import { classifiedRedis, connectRedis, prefixDefault, type RedisConnection } from './redis-client.js';

const compressed = promisify(gzip);
const expanded = promisify(gunzip);
const stateBytesMax = 512 * 1024 * 1024;

const saveScript = `
if tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'version', ARGV[2], 'offsets', ARGV[3], 'state', ARGV[4])
return 1`;

export class RedisSnapshotStore extends SnapshotStore {
  readonly #redis: Redis;
  readonly #prefix: string;

  /** @throws `RetriableError` when Redis does not answer; `Error` when its settings could lose snapshots. */
  static async connect(connection: RedisConnection, telemetry: Telemetry = silentTelemetry): Promise<RedisSnapshotStore> {
    return new RedisSnapshotStore(await connectRedis(connection, telemetry), connection.prefix ?? prefixDefault);
  }

  private constructor(redis: Redis, prefix: string) {
    super();
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async claim(name: string): Promise<Claim> {
    try {
      const replies = await this.#redis.multi().hincrby(this.#key(name), 'fence', 1).hgetallBuffer(this.#key(name)).exec();
      const [fence, held] = (replies ?? []).map(([error, reply]) => {
        if (error !== null) throw error;
        return reply;
      });
      if (typeof fence !== 'number') throw new RetriableError(`Redis gave up the claim of ${name}; try again.`);
      return { fence, snapshot: await snapshotOf(name, held as Record<string, Buffer>) };
    } catch (error) {
      throw classifiedRedis(error, `the snapshot of ${name} could not be claimed; it stands`);
    }
  }

  async save(name: string, { version, offsets, state }: Snapshot, fence: number): Promise<boolean> {
    const packed = await compressed(state, { level: 1 });
    try {
      return (await this.#redis.eval(saveScript, 1, this.#key(name), fence, version, JSON.stringify(offsets), packed)) === 1;
    } catch (error) {
      throw classifiedRedis(error, `the snapshot of ${name} was not acknowledged; it or the one before it stands, whole`);
    }
  }

  async load(name: string): Promise<Snapshot | undefined> {
    return snapshotOf(name, await this.#read(name));
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  async #read(name: string): Promise<Record<string, Buffer>> {
    try {
      return await this.#redis.hgetallBuffer(this.#key(name));
    } catch (error) {
      throw classifiedRedis(error, `the snapshot of ${name} could not be read; it stands`);
    }
  }

  #key(name: string): string {
    return `${this.#prefix}:snapshot:${name}`;
  }
}

async function snapshotOf(name: string, held: Readonly<Record<string, Buffer>>): Promise<Snapshot | undefined> {
  const [version, offsets, state] = ['version', 'offsets', 'state'].map((field) => held[field]);
  if (version === undefined || offsets === undefined || state === undefined) return undefined;
  return { version: version.toString('utf8'), offsets: offsetsOf(name, offsets.toString('utf8')), state: (await expanded(state, { maxOutputLength: stateBytesMax })).toString('utf8') };
}

function offsetsOf(name: string, text: string): Record<string, number> {
  const value: unknown = JSON.parse(text);
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.some(([, offset]) => !Number.isInteger(offset))) throw new Error(`the snapshot of ${name} holds offsets that are not whole numbers; delete its key to build the memory again from the ledger.`);
  return Object.fromEntries(entries);
}
