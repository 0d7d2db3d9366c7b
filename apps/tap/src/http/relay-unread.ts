/**
 * An answer longer than anything kept, relayed while it arrives where nothing that waits could be in it.
 * RU1. The core is asked before the first byte, and told of the message after the last: its envelope, length and digest.
 * RU2. Only what can be read as it passes goes this way: no compressed answer, none that must be put together with others.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { endToEndHeaders, LongMessageReader } from '@countersign/wire';
import { codingsOf } from './content-coding.js';
import type { Exchange } from './house.js';
import { sendHead } from './response-head.js';

export function mayPassUnread({ client, lease }: Exchange, response: IncomingMessage, answers: readonly Uint8Array[]): boolean {
  return answers.length === 0 && !client.isHeldStream && codingsOf(response.rawHeaders)?.length === 0 && lease.stream.mayPassUnread();
}

/** @param soFar what was read of the body already. */
export async function relayUnread({ client, lease, loan, house }: Exchange, response: IncomingMessage, soFar: readonly Uint8Array[]): Promise<void> {
  const reader = new LongMessageReader();
  const hash = createHash('sha256');
  const pass = async (chunk: Uint8Array): Promise<void> => {
    reader.push(chunk);
    hash.update(chunk);
    await client.write(chunk);
  };
  sendHead(client, response, endToEndHeaders(response.rawHeaders));
  for (const chunk of soFar) await pass(chunk);
  loan.close();
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) await pass(chunk);
  } catch {
    lease.lose('truncated');
    if (!client.isGone) house.log('The server broke off in the middle of a long answer; the client was told by a broken connection.');
    return client.reset();
  }
  lease.stream.offerLong({ direction: 'server-to-client', framing: 'body', envelope: reader.end(), digest: hash.digest('hex') });
  return client.end();
}
