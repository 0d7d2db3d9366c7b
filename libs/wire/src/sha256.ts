/** SHA-256 in hex, by the one-shot call where this Node has it (20.12): half the cost of a hash object for a short message. */
import * as crypto from 'node:crypto';

/** Text is hashed as UTF-8. */
export const sha256Hex: (data: string | Uint8Array) => string =
  typeof crypto.hash === 'function' ? (data) => crypto.hash('sha256', data, 'hex') : (data) => crypto.createHash('sha256').update(data).digest('hex');
