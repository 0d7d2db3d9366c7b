/**
 * The name of one exact call: what a verdict and a grant are for, and nothing else.
 * AD1. SHA-256 over {v, domain, agent, session, server, tool, args, policyVersion} in canonical form (`canonical-literal`).
 * AD2. Any change but member order, white space and string escaping is another digest.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@countersign/policy/runtime';
import { canonicalLiteral } from './canonical-literal.js';
import { lastMember, membersOf } from './json-spans.js';

export interface ActionContext {
  readonly domain: string;
  readonly agent: { readonly name: string; readonly role: string };
  readonly session: string;
  readonly server: string;
  readonly tool: string;
  readonly policyVersion: string;
}

/**
 * @param message bytes of the `tools/call` request, our metadata already cut out.
 * @returns hex. @throws RangeError when the arguments are nested deeper than 128.
 */
export function actionDigest(message: Uint8Array, context: ActionContext): string {
  const params = lastMember(membersOf(message), 'params');
  const args = params === undefined ? undefined : lastMember(membersOf(message, params.start), 'arguments');
  const { agent, domain, policyVersion, server, session, tool } = context;
  const members = {
    agent: canonicalJson({ name: agent.name, role: agent.role }),
    // Absent arguments and `null` are two calls: the member is left out.
    ...(args === undefined ? {} : { args: canonicalLiteral(message, args) }),
    domain: JSON.stringify(domain),
    policyVersion: JSON.stringify(policyVersion),
    server: JSON.stringify(server),
    session: JSON.stringify(session),
    tool: JSON.stringify(tool),
    v: '1',
  };
  const text = Object.entries(members).map(([key, value]) => `"${key}":${value}`).join(',');
  return createHash('sha256').update(`{${text}}`).digest('hex');
}
