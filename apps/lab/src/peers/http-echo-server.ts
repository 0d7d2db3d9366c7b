/** The echo server over Streamable HTTP, without sessions: one POST, one JSON answer. Prints its port as its first line. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOf, type EchoRequest } from './echo.js';

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = answerOf(JSON.parse(Buffer.concat(chunks).toString()) as EchoRequest);
    if (answer === undefined) return response.writeHead(202, { 'content-length': 0 }).end();
    const body = Buffer.from(answer);
    return response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
// Nobody is to be left behind: it ends with its standard input.
process.stdin.on('end', () => process.exit(0)).resume();
