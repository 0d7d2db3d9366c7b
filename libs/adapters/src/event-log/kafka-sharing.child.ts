/** Shares a ledger and tells each turn of its lanes; its parent kills it. Arguments: a broker, the topics' prefix. */
import { writeSync } from 'node:fs';
import type { Topic } from '@countersign/contracts';
import { KafkaEventLog } from './kafka.js';

const [, , broker = '', topicPrefix = ''] = process.argv;
const topics: readonly Topic[] = ['observations', 'decisions'];
const log = await KafkaEventLog.connect({ connection: { brokers: [broker] }, topicPrefix, sessionMs: 3_000 });
// At once and unbuffered: what the parent has read has happened.
const tell = (turn: object): void => void writeSync(1, `${JSON.stringify(turn)}\n`);
await log.share(topics, { group: 'shared', batchRecordsMax: 5 }, (partition) => {
  tell({ turn: 'opened', partition });
  return Promise.resolve({
    handle(topic, batch) {
      tell({ turn: 'handled', partition, topic, ids: batch.map(({ id }) => id) });
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});
tell({ turn: 'joined' });
