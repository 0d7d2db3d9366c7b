import type { RunningKafka } from './kafka.mjs';
import type { RunningRedis } from './redis.mjs';

export interface RunningService {
  /** `detect`, or `detect-2` where several run. */
  readonly name: string;
  readonly kind: string;
  /** Of `/healthz`, `/readyz`, `/metrics`. */
  readonly url: string;
  readonly log: string;
  pid(): number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Killed if it still runs, then started again on the same settings; resolves when it is ready. */
  restart(): Promise<void>;
  /** SIGTERM; killed when it does not end in time. */
  stop(): Promise<void>;
}

/** What stands in `stack.json`. */
export interface StackFacts {
  readonly pid: number;
  readonly dir: string;
  /** The services' settings file. */
  readonly config: string;
  readonly dataDir: string;
  readonly policyFile: string;
  readonly domain: string;
  readonly brokers: readonly string[];
  readonly redisUrl: string;
  readonly clickHouse: { readonly url: string; readonly username: string; readonly password: string; readonly readUsername: string; readonly readPassword: string; readonly database: string };
  readonly services: readonly { readonly name: string; readonly kind: string; readonly url: string; readonly log: string }[];
}

export interface RunningStack {
  readonly facts: StackFacts;
  readonly services: readonly RunningService[];
  readonly kafka: RunningKafka;
  readonly redis: RunningRedis;
  stop(): Promise<void>;
}

export declare function startStack(options: {
  readonly dir: string;
  readonly consolePort?: number;
  readonly policyFile?: string;
  readonly nodes?: 1 | 3;
  readonly copies?: Readonly<Record<string, number>>;
  readonly domain?: string;
  readonly say?: (line: string) => void;
}): Promise<RunningStack>;
