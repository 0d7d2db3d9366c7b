export interface SecuredKafka {
  readonly brokers: string[];
  readonly ca: string;
  stop(): Promise<void>;
}
export declare function startSecuredKafka(options: { readonly dir: string; readonly username: string; readonly password: string }): Promise<SecuredKafka>;
