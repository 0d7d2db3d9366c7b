import { RetriableError, TerminalError } from '@countersign/pipeline';
import { KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError, KafkaJSRequestTimeoutError, KafkaJSSASLAuthenticationError } from 'kafkajs';
import { expect, it } from 'vitest';
import { classified } from './errors.js';

const protocol = (code: number, type: string, retriable = false) => Object.assign(new KafkaJSProtocolError(new Error('words that may change')), { code, type, retriable });
const exhausted = (cause: Error) => Object.assign(new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 3, retryTime: 100 }), { cause });
const unknown = new KafkaJSNonRetriableError('something the client never said before');

it.each([
  ['no connection', new KafkaJSConnectionError('x', { code: 'ECONNREFUSED' } as never), RetriableError],
  ['no answer in time', new KafkaJSRequestTimeoutError('x', {} as never), RetriableError],
  ['credentials taken away', Reflect.construct(KafkaJSSASLAuthenticationError, ['x']) as Error, RetriableError],
  ['topic not authorised any more', protocol(29, 'TOPIC_AUTHORIZATION_FAILED'), RetriableError],
  ['topic gone', protocol(3, 'UNKNOWN_TOPIC_OR_PARTITION', true), RetriableError],
  ['leader moving, after the client gave up', exhausted(protocol(6, 'NOT_LEADER_FOR_PARTITION', true)), RetriableError],
  ['too few copies', protocol(19, 'NOT_ENOUGH_REPLICAS', true), RetriableError],
  ['record too large', protocol(10, 'MESSAGE_TOO_LARGE'), TerminalError],
  ['record too large, wrapped', exhausted(protocol(10, 'MESSAGE_TOO_LARGE')), TerminalError],
])('%s has its fate by code', (_name, error, fate) => {
  expect(classified(error, 'it was not done')).toBeInstanceOf(fate);
});

it('an error whose code nobody here knows stays what it is', () => {
  expect(classified(unknown, 'x')).toBe(unknown);
  const strange = protocol(4_711, 'A_CODE_OF_TOMORROW');
  expect(classified(strange, 'x')).toBe(strange);
  const ours = new TypeError('a defect of ours');
  expect(classified(ours, 'x')).toBe(ours);
});
