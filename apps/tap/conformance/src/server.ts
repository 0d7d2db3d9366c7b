/** The fixture as a process: prints its address as one line, and ends with its stdin, so that no run leaves it behind. */
import { startFixture } from './fixture.js';

const { url } = await startFixture();
process.stdout.write(`${url}\n`);
process.stdin.resume().on('end', () => process.exit(0));
