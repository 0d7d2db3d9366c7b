/** Asks the console of this machine for a one-time link, through the socket of whoever owns its data folder. */
import { connect } from 'node:net';
import { UserError } from './user-error.js';

/** @returns the link, without a line's end. @throws UserError when nothing answers. */
export function loginLinkAt(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect(socketPath)
      .setEncoding('utf8')
      .on('data', (chunk: string) => (text += chunk))
      .on('end', () => resolve(text.trim()))
      .on('error', (error) => reject(new UserError(`the running Countersign did not answer: ${error.message}`)));
  });
}
