export { createTapCore, type CoreOptions } from './core.js';
export type { Arrival, LongArrival, LongPassage, Passage, StreamInfo, TapCore, TapStream } from './passage.js';
