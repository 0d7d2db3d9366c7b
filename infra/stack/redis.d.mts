export interface RunningRedis {
  readonly url: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same data and port; resolves when it answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}
export declare function startRedis(options: { readonly dir: string; readonly fsync?: 'always' | 'everysec' }): Promise<RunningRedis>;
