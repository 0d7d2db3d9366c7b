import type { Identity } from './taps.js';

export interface Identities {
  readonly support: Identity;
  readonly courier: Identity;
  readonly analyst: Identity;
  readonly mailer: Identity;
}

/** Agents of one run: new names each time, so that a second run on the same folder does not meet what the first one taught. */
export function identitiesOf(run: string): Identities {
  const identity = (role: string): Identity => ({ name: `${role}-${run}`, role });
  return { support: identity('support'), courier: identity('courier'), analyst: identity('analyst'), mailer: identity('mailer') };
}
