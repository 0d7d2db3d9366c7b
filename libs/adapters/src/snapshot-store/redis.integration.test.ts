/** Snapshots on a real redis-server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type RunningRedis } from '../../../../infra/stack/redis.mjs';
import { describeSnapshotStore, saved } from './conformance.js';
import { RedisSnapshotStore } from './redis.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-redis-'));
let redis: RunningRedis;
let stores = 0;
beforeAll(async () => {
  redis = await startRedis({ dir });
}, 300_000);
afterAll(async () => {
  await redis?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const connection = () => ({ url: redis.url, prefix: `{s${(stores += 1)}}` });

describeSnapshotStore('redis', async () => {
  const own = connection();
  let store = await RedisSnapshotStore.connect(own);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = await RedisSnapshotStore.connect(own));
    },
    dispose: () => store.close(),
  };
});

describe('RedisSnapshotStore on a real server', () => {
  const snapshot = { version: '1', offsets: { 'observations/3': 7 }, state: 'memory '.repeat(1_000) };

  it('[S1] what was saved survives a kill -9 of the server, and while it is away both ways are refused as something to repeat', async () => {
    const own = connection();
    const store = await RedisSnapshotStore.connect(own);
    await saved(store, 'judge', snapshot);
    await redis.kill();
    await expect(store.save('judge', { ...snapshot, state: 'new' }, 1)).rejects.toMatchObject({ name: 'RetriableError' });
    await expect(store.claim('judge')).rejects.toMatchObject({ name: 'RetriableError' });
    await expect(store.load('judge')).rejects.toMatchObject({ name: 'RetriableError' });
    await expect(RedisSnapshotStore.connect(own)).rejects.toMatchObject({ name: 'RetriableError' });
    await redis.restart();
    const again = await RedisSnapshotStore.connect(own);
    expect(await again.load('judge')).toEqual(snapshot);
    await Promise.all([store.close(), again.close()]);
  });

  it('does not open on a server that may evict what it was given', async () => {
    const admin = new Redis(redis.url);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(RedisSnapshotStore.connect(connection())).rejects.toThrow('noeviction');
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    admin.disconnect();
  });
});
