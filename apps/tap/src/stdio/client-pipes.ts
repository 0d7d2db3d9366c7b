/**
 * This process's own stdin and stdout, as streams that never block it.
 * CP1. Node writes to a pipe on stdout synchronously, so a client that does not read would stop the whole tap; a stream of our own does not.
 * CP2. Where stdout is a file or a terminal, or shared with stderr, Node's own stream is used: non-blocking mode would be everybody's.
 */
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

export function clientPipes(): { readonly input: Readable; readonly output: Writable } {
  return { input: process.stdin, output: isOwnPipe() ? new Socket({ fd: 1, readable: false, writable: true }) : process.stdout };
}

function isOwnPipe(): boolean {
  if (process.platform === 'win32') return false;
  const out = fstatSync(1);
  if (!out.isFIFO() && !out.isSocket()) return false;
  const err = fstatSync(2);
  return out.ino !== err.ino || out.dev !== err.dev;
}
