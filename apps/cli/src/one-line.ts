/** Asks a running Countersign for the one line its operator's socket gives: a login link, or an enrolment token. */
import { connect } from 'node:net';
import { UserError } from './user-error.js';

/** @returns the line, without its end. @throws UserError when nothing answers. */
export function oneLineAt(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect(socketPath)
      .setEncoding('utf8')
      .on('data', (chunk: string) => (text += chunk))
      .on('end', () => resolve(text.trim()))
      .on('error', (error) => reject(new UserError(`the running Countersign did not answer: ${error.message}`)));
  });
}
