/**
 * The smallest MCP server that answers: stdio, legacy era.
 * Hand-written, so that the benchmark measures the path and not an SDK.
 */
import { answerOf, type EchoRequest } from './echo.js';

let pieces: string[] = [];
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  const lines = chunk.split('\n');
  for (const [index, line] of lines.entries()) {
    pieces.push(line);
    if (index === lines.length - 1) break;
    const answer = answerOf(JSON.parse(pieces.join('')) as EchoRequest);
    pieces = [];
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
  }
});
