/** The yardstick of HTTP: a process that only pipes bodies between a client and one upstream. Prints its port as its first line. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

const upstream = process.argv[2];
if (!upstream) throw new Error('usage: bare-proxy URL');
const { hostname, port } = new URL(upstream);
const agent = new http.Agent({ keepAlive: true });
const server = http.createServer((request, response) => {
  const outgoing = http.request({ hostname, port, agent, method: request.method, path: request.url, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  request.pipe(outgoing);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
