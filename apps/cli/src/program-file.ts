import { fileURLToPath } from 'node:url';

/** The `countersign` program, as another process starts it: `node <programFile> tap …`. */
export const programFile = fileURLToPath(new URL('../bin/countersign.js', import.meta.url));
