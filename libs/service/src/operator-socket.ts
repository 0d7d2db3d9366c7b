/**
 * The door for whoever runs this process: a socket in the data folder, mode 0600, that answers a connection with one new
 * line (a login link; at a gate, an enrolment token) and closes. It takes no input. Taps know nothing of it; its authority is that of
 * the user who owns the folder.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';

export async function openOperatorSocket(path: string, newLine: () => string): Promise<{ stop(): Promise<void> }> {
  if (process.platform !== 'win32') rmSync(path, { force: true });
  const server = createServer((connection) => {
    connection.on('error', () => connection.destroy());
    connection.end(`${newLine()}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  return { stop: () => new Promise((resolve) => server.close(() => resolve())) };
}
