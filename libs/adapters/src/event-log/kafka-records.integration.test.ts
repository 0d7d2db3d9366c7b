/** What lies on the topics of a real broker, and what comes of what should not lie there: other clients write and read beside the ledger. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deadLetterSchema, type DeadLetter } from '@countersign/contracts';
import { runProcessor, parseRecord, silentTelemetry, type LedgerRecord, type Processor, type StoredRecord } from '@countersign/pipeline';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaTool } from '../../../../infra/kafka/tools/kafka-tool.mjs';
import { SystemClock } from '../clock/system.js';
import { SqliteSnapshotStore } from '../snapshot-store/sqlite.js';
import { collect, records } from './conformance.js';
import { collectDistinct } from './kafka/distinct-records.js';
import { messageOf } from './kafka/envelope.js';
import { inPieces, pieceBytesMax } from './kafka/pieces.js';
import { startTestBroker, type TestBroker } from './kafka/test-broker.js';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
  // Fetched once per machine.
  await kafkaTool('kafka-topics', ['--version']);
}, 700_000);
afterAll(() => broker?.stop(), 60_000);

const onePartition = () => broker.empty((topic) => ({ ...topic, partitions: 1 }));
const large = (id: string, bytes: number): LedgerRecord => ({ id, key: 'd', value: JSON.stringify({ id, text: randomBytes(bytes / 2).toString('hex') }) });
const envelope = { topic: 'observations', app: 'gate', recordedAt: '2026-11-01T00:00:00.000Z' } as const;

async function send(topic: string, messages: readonly Message[]): Promise<void> {
  const producer = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic, messages: [...messages] });
  await producer.disconnect();
}

async function deadLetters(log: Parameters<typeof collect>[0], count: number): Promise<readonly (DeadLetter & { readonly partition?: number })[]> {
  const found = await collectDistinct(log, count, 'dead-letters');
  return [...new Map(found.map(({ id, value }) => [id, value])).values()].map((value) => ({ ...(JSON.parse(value) as { partition?: number }), ...deadLetterSchema.parse(JSON.parse(value)) }));
}

describe('records over 256 KiB on a real broker', () => {
  it('come back byte for byte, in order, from two writers at once, and no message on the topic is over the limit', async () => {
    const ledger = await onePartition();
    const [one, two] = [await ledger.connect(), await ledger.connect()];
    const own = (name: string) => [...records(`${name}-a`, 0, 3), large(`${name}-big`, 700_000), ...records(`${name}-b`, 0, 3), large(`${name}-huge`, 5_000_000)].map((record) => ({ ...record, key: 'd' }));
    const [first, second] = [own('one'), own('two')];
    await Promise.all([one.append('observations', first), two.append('observations', second)]);
    const seen = await collect(one, first.length + second.length);
    for (const written of [first, second]) expect(seen.filter(({ id }) => written.some((record) => record.id === id)).map(({ id, value }) => [id, value])).toEqual(written.map(({ id, value }) => [id, value]));
    const lines = (await kafkaTool('kafka-console-consumer', ['--bootstrap-server', broker.brokers[0] ?? '', '--topic', `${ledger.topicPrefix}observations`, '--from-beginning', '--max-messages', '60', '--timeout-ms', '4000'])).split('\n');
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBe(pieceBytesMax);
    await Promise.all([one.close(), two.close()]);
  });

  it('are found from any place: a group that starts between the pieces goes back for them', async () => {
    const ledger = await onePartition();
    const log = await ledger.connect();
    await log.append('observations', records('d', 0, 2));
    await log.append('observations', [large('big', 2_000_000)]);
    await log.append('observations', records('d', 2, 2));
    const whole = await collect(log, 5);
    const place = whole.find(({ id }) => id === 'big')?.offset ?? -1;
    for (const from of [place, place - 3]) {
      const seen = await collect(log, 3, { from });
      expect(seen.map(({ id, offset }) => [id, offset])).toEqual(whole.slice(2).map(({ id, offset }) => [id, offset]));
      expect(seen[0]?.value).toBe(whole[2]?.value);
    }
    await log.close();
  });

  it('[P8] with a piece missing or another one in its place are set aside with the reason, and the group goes on behind them', async () => {
    const ledger = await onePartition();
    const log = await ledger.connect();
    const lost = inPieces(large('lost', 600_000), envelope);
    const wrong = inPieces(large('wrong', 600_000), envelope);
    await send(`${ledger.topicPrefix}observations`, [...lost.pieces.slice(1), lost.record(0), ...wrong.pieces.slice(0, -1), { ...wrong.pieces.at(-1), value: 'other bytes' }, wrong.record(3)]);
    await log.append('observations', records('d', 0, 1));
    expect((await collect(log, 1, { group: 'g' })).map(({ id }) => id)).toEqual(['d-0']);
    const letters = await deadLetters(log, 2);
    expect(letters.map(({ errorClass, topic, domain }) => [errorClass, topic, domain])).toEqual([['piece-missing', 'observations', 'd'], ['piece-digest', 'observations', 'd']]);
    await log.append('observations', records('d', 1, 1));
    expect((await collect(log, 1, { group: 'g' })).map(({ id }) => id)).toEqual(['d-1']);
    await log.close();
  });
});

describe('poison on a real broker', () => {
  it('[P8] what is no record goes to dead-letters with its bytes, place and reason, once for all groups, and blocks nobody', async () => {
    const ledger = await onePartition();
    const log = await ledger.connect();
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0xc0, 0x80]);
    const good = messageOf({ id: 'a', key: 'd', value: '{"v":1}' }, envelope);
    await send(`${ledger.topicPrefix}observations`, [
      { key: 'd', value: bytes },
      { ...good, headers: { ...good.headers, ce_id: bytes } },
      { ...good, headers: { ...good.headers, ce_type: 'dev.countersign.decision.v1' } },
      { ...good, headers: { ...good.headers, ce_specversion: '2.0' } },
      { ...good, headers: { ...good.headers, ce_id: ['x', 'y'] } },
      good,
    ]);
    for (const group of ['one', 'two']) expect((await collect(log, 1, { group })).map(({ id }) => id)).toEqual(['a']);
    const letters = await deadLetters(log, 5);
    expect(letters.map(({ offset, partition, errorClass }) => [offset, partition, errorClass])).toEqual([[0, 0, 'not-text'], [1, 0, 'envelope'], [2, 0, 'envelope'], [3, 0, 'unknown-version'], [4, 0, 'envelope']]);
    expect(letters[0]?.raw).toBe(`data:application/octet-stream;base64,${bytes.toString('base64')}`);
    await log.append('dead-letters', [{ id: 'last', key: 'd', value: '{}' }]);
    expect((await collect(log, 6, { topic: 'dead-letters' })).map(({ id }) => id).at(-1)).toBe('last');
    await log.close();
  });

  it('[P8] [P14] not JSON, a broken schema and a version of tomorrow are set aside by who reads them, with their text; today’s records around them are handled', async () => {
    const ledger = await onePartition();
    const log = await ledger.connect();
    const texts = ['{"v":1,', '{"v":1,"id":"x"}', '{"v":2,"id":"y"}', '[]'];
    const letter = (n: number) => JSON.stringify({ v: 1, id: `l-${n}`, domain: 'd', at: '2026-11-01T00:00:00.000Z', topic: 'findings', offset: n, recordId: 'r', errorClass: 'schema', error: 'e', component: 'c', raw: 'r', aFieldOfTomorrow: 1 });
    await log.append('dead-letters', [{ id: 'l-0', key: 'd', value: letter(0) }, ...texts.map((value, n) => ({ id: `bad-${n}`, key: 'd', value })), { id: 'l-1', key: 'd', value: letter(1) }]);
    const snapshots = SqliteSnapshotStore.open(join(broker.dir, 'reader.db'));
    const run = await runProcessor({ createProcessor: strictReader, eventLog: log, snapshotStore: snapshots, clock: new SystemClock(), telemetry: silentTelemetry });
    expect((await collect(log, 2, { topic: 'verdicts' })).map(({ id }) => id)).toEqual(['l-0/read', 'l-1/read']);
    const set = (await collectDistinct(log, 2 + 2 * texts.length, 'dead-letters')).filter(({ id }) => id.startsWith('strict@1/')).map(({ value }) => deadLetterSchema.parse(JSON.parse(value)));
    expect(set.map(({ errorClass, raw }) => [errorClass, raw])).toEqual([['unparsable', texts[0]], ['schema', texts[1]], ['unknown-version', texts[2]], ['schema', texts[3]]]);
    await run.stop();
    await Promise.all([log.close(), snapshots.close()]);
  });

  it('[P8] while dead-letters cannot be written the partition waits, nothing is passed over, and no good record is set aside', async () => {
    const ledger = await onePartition();
    const log = await ledger.connect();
    const impatient = await ledger.connect({ appendMsMax: 200 });
    await send(`${ledger.topicPrefix}observations`, [{ key: 'd', value: Buffer.from([0xff]) }, messageOf({ id: 'a', key: 'd', value: '{}' }, envelope)]);
    const admin = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [`${ledger.topicPrefix}dead-letters`] });
    const seen: StoredRecord[] = [];
    let said = (): void => undefined;
    const isRetried = new Promise<void>((resolve) => (said = resolve));
    const reader = await ledgerReader(impatient, seen, said);
    await isRetried;
    expect(seen).toEqual([]);
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: `${ledger.topicPrefix}dead-letters`, numPartitions: 1 }] });
    await reader.handled;
    expect(seen.map(({ id }) => id)).toEqual(['a']);
    expect((await deadLetters(impatient, 1)).map(({ errorClass }) => errorClass)).toEqual(['not-text']);
    await reader.stop();
    await admin.disconnect();
    await Promise.all([log.close(), impatient.close()]);
  }, 60_000);

  /** Follows until one record came; tells of each refused append of a dead letter. */
  async function ledgerReader(log: Parameters<typeof collect>[0], seen: StoredRecord[], refused: () => void) {
    const append = log.append.bind(log);
    log.append = (topic, toAppend) => append(topic, toAppend).catch((error: unknown) => {
      refused();
      throw error;
    });
    let done = (): void => undefined;
    const handled = new Promise<void>((resolve) => (done = resolve));
    const subscription = await log.follow('observations', { group: 'g' }, (batch) => {
      seen.push(...batch);
      done();
      return Promise.resolve();
    });
    return { handled, stop: () => subscription.stop() };
  }
});

describe('Kafka’s own command-line tools', () => {
  it('read each record’s CloudEvents envelope and value, and a group’s place', async () => {
    const ledger = await onePartition();
    const log = await ledger.connect({ app: 'gate' });
    const value = JSON.stringify({ v: 1, at: '2026-11-01T00:00:00.000Z', message: { payload: { _meta: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } } }, call: { callId: 'c-9' } });
    await log.append('observations', [{ id: 'tap-1/2/33', key: 'd', value }]);
    await collect(log, 1, { group: 'g' });
    const [line = ''] = (await kafkaTool('kafka-console-consumer', ['--bootstrap-server', broker.brokers[0] ?? '', '--topic', `${ledger.topicPrefix}observations`, '--from-beginning', '--max-messages', '1', '--formatter-property', 'print.headers=true', '--formatter-property', 'print.key=true'])).split('\n');
    const [headers = '', key, printed] = line.split('\t');
    expect([key, printed]).toEqual(['d', value]);
    expect(headers.split(',').filter((header) => !header.startsWith('ce_recordedtime')).sort()).toEqual([
      'ce_dataschema:urn:countersign:schema:observation:v1', 'ce_id:tap-1/2/33', 'ce_partitionkey:d', 'ce_sequence:33', 'ce_source:/domains/d/taps/tap-1', 'ce_specversion:1.0', 'ce_subject:c-9',
      'ce_time:2026-11-01T00:00:00.000Z', 'ce_traceparent:00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'ce_type:dev.countersign.observation.v1', 'content-type:application/json',
    ]);
    const group = await kafkaTool('kafka-consumer-groups', ['--bootstrap-server', broker.brokers[0] ?? '', '--describe', '--group', `${ledger.topicPrefix}g.observations`]);
    expect(group).toMatch(/observations\s+0\s+1\s+1\s+0\s/);
    await log.close();
  }, 60_000);

  it('[P8] write in any codec they know, and it is read', async () => {
    const ledger = await onePartition();
    const log = await ledger.connect();
    const file = join(broker.dir, 'lines.txt');
    const lines = Array.from({ length: 400 }, (_, n) => JSON.stringify({ v: 1, n, text: `line ${n % 7} `.repeat(n % 90), rest: randomBytes(n % 40).toString('hex'), far: n > 300 ? 'line 0 '.repeat(50) : '' }));
    writeFileSync(file, `${lines.join('\n')}\n`);
    for (const codec of ['zstd', 'lz4', 'snappy']) {
      await kafkaTool('kafka-console-producer', ['--bootstrap-server', broker.brokers[0] ?? '', '--topic', `${ledger.topicPrefix}observations`, '--compression-codec', codec], file);
    }
    expect((await collect(log, 1_200)).map(({ value }) => value)).toEqual([...lines, ...lines, ...lines]);
    await log.close();
  }, 60_000);
});

/** Reads dead letters by their schema, as any component reads any topic. */
function strictReader(): Processor {
  return {
    name: 'strict', version: '1', reads: ['dead-letters'],
    handle(record) {
      const { id, component } = parseRecord('dead-letters', record);
      return component === 'c' ? [{ topic: 'verdicts', id: `${id}/read`, key: record.key, value: '{}' }] : [];
    },
  };
}
