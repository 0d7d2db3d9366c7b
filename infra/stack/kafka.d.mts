export declare const kafkaVersion: string;
export interface RunningKafka {
  readonly brokers: string[];
  /** SIGKILL; nodes count from 1. */
  kill(node?: number): Promise<void>;
  /** On the same data and ports; resolves when it serves. */
  restart(node?: number): Promise<void>;
  stop(): Promise<void>;
}
export declare function startKafka(options: { readonly dir: string; readonly nodes?: 1 | 3 }): Promise<RunningKafka>;
