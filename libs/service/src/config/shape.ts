/**
 * Every setting of a service, once: its name, what it may be, its default. Each leaf's message says what is expected of it, for whoever
 * wrote something else.
 * CF1. Unknown names are refused: a setting that is misspelt must not be a setting that is ignored.
 */
import { detectorNames } from '@countersign/contracts';
import { z } from 'zod';

const text = (expects: string) => z.string(expects).min(1, expects).max(4_096, expects);
const port = z.number('a port, 0 to 65535 (0 takes a free one)').int('a port, 0 to 65535').min(0, 'a port, 0 to 65535').max(65_535, 'a port, 0 to 65535');
const seconds = (expects: string) => z.number(expects).min(1, expects).max(3_600, expects);
const file = (what: string) => text(`the path of ${what}`);
const address = text('an address to listen on, as 127.0.0.1');
const brokers = 'a list of host:port, at least one';

const kafka = z.strictObject({
  brokers: z.array(z.string(brokers).regex(/^(\[[0-9a-f:]+\]|[^\s:]+):\d{1,5}$/i, brokers), brokers).min(1, brokers).max(64, brokers),
  topicPrefix: z.string('what stands before every topic’s name').max(64, 'at most 64 characters before every topic’s name').default(''),
  /** Of observations, findings, verdicts and decisions; must be what the topics have (infra/kafka/topics.json). */
  partitions: z.number('the number of partitions, 1 to 10000').int('a whole number, 1 to 10000').min(1, 'a number, 1 to 10000').max(10_000, 'a number, 1 to 10000').default(12),
  /** A member unheard of for so long loses its partitions. */
  sessionSeconds: seconds('seconds, 1 to 3600').default(6),
  tls: z.strictObject({ caFile: file('the authorities’ certificates (PEM)').optional(), certFile: file('this client’s certificate (PEM)').optional(), keyFile: file('this client’s key (PEM)').optional(), serverName: text('the name on the brokers’ certificates').optional() }, 'a group of settings; {} for TLS with the system’s authorities').optional(),
  sasl: z.strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512'], 'plain, scram-sha-256 or scram-sha-512'),
    username: text('a user of the brokers'), password: text('a password').optional(), passwordFile: file('a file that holds the password').optional(),
  }, 'a group of settings').optional(),
}, 'a group of settings');

const redisUrl = 'redis://[user:password@]host:port or rediss://…';
const redis = z.strictObject({
  url: z.string(redisUrl).regex(/^rediss?:\/\/\S+$/, redisUrl).optional(),
  urlFile: file('a file that holds the URL').optional(),
  prefix: text('what stands before every key, with braces, as {countersign}').default('{countersign}'),
}, 'a group of settings');

const clickHouse = z.strictObject({
  url: z.string('http://host:port or https://…').regex(/^https?:\/\/\S+$/, 'http://host:port or https://…'),
  username: text('the writing user'), password: z.string('a password').optional(), passwordFile: file('a file that holds the password').optional(),
  readUsername: text('the reading user'), readPassword: z.string('a password').optional(), readPasswordFile: file('a file that holds the reader’s password').optional(),
  database: text('a database’s name').default('countersign'),
}, 'a group of settings');

const gate = z.strictObject({
  /** Default: `gate.sock` in the data folder. */
  socket: file('a unix socket for the taps of this machine').optional(),
  /** Who becomes a known tap: the first key of its name, or whoever holds a one-time token of `countersign enrol --new`. */
  enrolment: z.enum(['first-use', 'token'], 'first-use or token').default('first-use'),
  /** For taps on other machines; absent: none. */
  tls: z.strictObject({ host: address.default('127.0.0.1'), port, certFile: file('the gate’s certificate (PEM)'), keyFile: file('the certificate’s key (PEM), mode 0600') }, 'a group of settings').optional(),
}, 'a group of settings');

const consoleDoor = z.strictObject({
  host: address.default('127.0.0.1'),
  port: port.default(7_800),
  scheme: z.enum(['http', 'https'], 'http, or https when a proxy in front speaks TLS').default('http'),
  /** `name:port` as browsers send it, when a proxy stands before the console. */
  hosts: z.array(text('name:port'), 'a list of name:port').max(64, 'at most 64').default([]),
}, 'a group of settings');

const keys = z.strictObject({
  /** Default: `keys` in the data folder. */
  dir: file('the folder of the keys').optional(),
}, 'a group of settings');

const detect = z.strictObject({
  detectors: z.array(z.enum(detectorNames, `one of ${detectorNames.join(', ')}`), 'a list of detectors').min(1, 'at least one detector').default([...detectorNames]),
  /** Consumer group and snapshot name; another one where detectors are spread over processes. */
  name: text('a name').regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and -, at most 32').default('detect'),
}, 'a group of settings');

export const configSchema = z.strictObject({
  profile: z.enum(['embedded', 'distributed'], 'embedded or distributed').default('distributed'),
  dataDir: file('the folder for state').optional(),
  domain: text('a name of 1 to 64 characters').max(64, 'a name of 1 to 64 characters').default('local'),
  policyFile: file('the policy file').optional(),
  logFile: file('the log file; absent: standard error').optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'debug, info, warn, error or silent').default('info'),
  /** How long a start waits for what it needs. */
  startSeconds: seconds('seconds, 1 to 3600').default(60),
  health: z.strictObject({ host: address.default('127.0.0.1'), port: port.default(0) }, 'a group of settings').prefault({}),
  kafka: kafka.optional(),
  redis: redis.optional(),
  clickHouse: clickHouse.optional(),
  gate: gate.prefault({}),
  console: consoleDoor.prefault({}),
  keys: keys.prefault({}),
  detect: detect.prefault({}),
}, 'a group of settings');

/** Settings of one service, complete but for what is optional. Secrets may still stand in files of their own. */
export type Config = z.infer<typeof configSchema>;
