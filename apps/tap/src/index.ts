export { createTapCore, type CoreOptions } from './core.js';
export { enrolTap, type EnrolRequest, type EnrolledTap } from './enrol-tap.js';
export type { Arrival, LongArrival, LongPassage, Passage, StreamInfo, TapCore, TapStream } from './passage.js';
