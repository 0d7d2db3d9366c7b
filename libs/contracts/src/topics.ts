/**
 * The ledger's topics. Four nouns, and one place for what could not be read.
 * Each topic has one schema (its file in this folder), one ClickHouse table and one writer role (`architecture`).
 */
export const topics = ['observations', 'findings', 'verdicts', 'decisions', 'dead-letters'] as const;
export type Topic = (typeof topics)[number];
