export { runDemo, type DemoOptions } from './run.js';
export { plainNarrator, silent, type Narrator } from './narrator.js';
export type { Row } from './row.js';
export type { Person } from './person.js';
export { demoPolicyText } from './policy.js';
export type { Follow } from './verdict-watch.js';
