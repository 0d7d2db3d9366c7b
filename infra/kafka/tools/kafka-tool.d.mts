export declare function kafkaTool(tool: 'kafka-console-consumer' | 'kafka-console-producer' | 'kafka-consumer-groups' | 'kafka-configs' | 'kafka-topics', args: readonly string[], inputFile?: string): Promise<string>;
export declare function kafkaJars(): Promise<string>;
