/**
 * Snapshots in Redis: one hash per name, written by one command, so that it is the old one or the new one and never torn (S1).
 * RS1. Survives a kill of the server with an append-only file; a loss of power may take the last second (`appendfsync everysec`).
 *      That costs time, not truth: the snapshot before it stands, or the memory is built again from the ledger.
 * RS2. Compressed: a detector's memory is text that repeats itself, and Redis keeps it in memory.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { silentTelemetry, SnapshotStore, type Snapshot, type Telemetry } from '@countersign/pipeline';
import type { Redis } from 'ioredis';
import { classifiedRedis, connectRedis, prefixDefault, type RedisConnection } from './redis-client.js';

const compressed = promisify(gzip);
const expanded = promisify(gunzip);
const stateBytesMax = 512 * 1024 * 1024;

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

  async save(name: string, { version, offsets, state }: Snapshot): Promise<void> {
    const packed = await compressed(state, { level: 1 });
    try {
      await this.#redis.hset(this.#key(name), { version, offsets: JSON.stringify(offsets), state: packed });
    } catch (error) {
      throw classifiedRedis(error, `the snapshot of ${name} was not acknowledged; it or the one before it stands, whole`);
    }
  }

  async load(name: string): Promise<Snapshot | undefined> {
    const held = await this.#read(name);
    const [version, offsets, state] = ['version', 'offsets', 'state'].map((field) => held[field]);
    if (version === undefined || offsets === undefined || state === undefined) return undefined;
    return { version: version.toString('utf8'), offsets: offsetsOf(name, offsets.toString('utf8')), state: (await expanded(state, { maxOutputLength: stateBytesMax })).toString('utf8') };
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

function offsetsOf(name: string, text: string): Record<string, number> {
  const value: unknown = JSON.parse(text);
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.some(([, offset]) => !Number.isInteger(offset))) throw new Error(`the snapshot of ${name} holds offsets that are not whole numbers; delete its key to build the memory again from the ledger.`);
  return Object.fromEntries(entries);
}
