export { Spool, SpoolFull, type SpoolEntry } from './spool.js';
