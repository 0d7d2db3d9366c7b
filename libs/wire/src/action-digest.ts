/**
 * The name of one exact call: what a verdict and a grant are for, and nothing else.
 * AD1. SHA-256 over {v, domain, agent, session, server, tool, args, policyVersion} in canonical form (`canonical-literal`).
 * AD2. Of another method than `tools/call` its name and all its params but `_meta` go in; of a call that continues a round of the
 *      server's, the state and the answers it brings.
 * AD3. Any change but member order, white space and string escaping is another digest.
 */
import { canonicalLiteral } from './canonical-literal.js';
import { lastMember, membersOf, type MemberSpan, type Span } from './json-spans.js';
import { sha256Hex } from './sha256.js';

export interface ActionContext {
  readonly domain: string;
  readonly agent: { readonly name: string; readonly role: string };
  readonly session: string;
  readonly server: string;
  readonly tool: string;
  readonly policyVersion: string;
  /** Absent: `tools/call`. */
  readonly method?: string | undefined;
  /** The call brings `requestState` or `inputResponses`. */
  readonly hasRound?: boolean | undefined;
}

/**
 * @param message bytes of the `tools/call` request, our metadata already cut out.
 * @param args where its arguments lie, when the caller knows; else they are looked for.
 * @returns hex. @throws RangeError when the arguments are nested deeper than 128.
 */
export function actionDigest(message: Uint8Array, context: ActionContext, args: Span | undefined = argumentsOf(message)): string {
  if (context.method === undefined && context.hasRound !== true) {
    const { before, behind } = plainTexts(context);
    return sha256Hex(args === undefined ? `${before}${behind}` : `${before}"args":${canonicalLiteral(message, args)},${behind}`);
  }
  const { agent, domain, policyVersion, server, session, tool } = context;
  const others = context.method === undefined ? roundOf(message, context.hasRound) : askedOf(message, context.method);
  // Members in their canonical order. Absent arguments and `null` are two calls: the member is left out.
  const text = [
    `"agent":${agentText(agent)}`,
    ...(args === undefined || context.method !== undefined ? [] : [`"args":${canonicalLiteral(message, args)}`]),
    `"domain":${JSON.stringify(domain)}`,
    ...others.beforePolicy,
    `"policyVersion":${JSON.stringify(policyVersion)}`,
    ...others.afterPolicy,
    `"server":${JSON.stringify(server)}`,
    `"session":${JSON.stringify(session)}`,
    `"tool":${JSON.stringify(tool)}`,
    '"v":1',
  ].join(',');
  return sha256Hex(`{${text}}`);
}

interface PlainTexts extends Omit<ActionContext, 'method' | 'hasRound'> {
  readonly before: string;
  readonly behind: string;
}

/** Calls mostly follow calls of the same tool, in the same session: what stands about the arguments is kept from one to the next. */
let lastTexts: PlainTexts | undefined;

function plainTexts({ agent, domain, policyVersion, server, session, tool }: ActionContext): PlainTexts {
  const last = lastTexts;
  const isSame = last !== undefined && last.tool === tool && last.session === session && last.policyVersion === policyVersion && last.domain === domain
    && last.server === server && last.agent.name === agent.name && last.agent.role === agent.role;
  if (isSame) return last;
  const behind = [`"domain":${JSON.stringify(domain)}`, `"policyVersion":${JSON.stringify(policyVersion)}`, `"server":${JSON.stringify(server)}`, `"session":${JSON.stringify(session)}`, `"tool":${JSON.stringify(tool)}`, '"v":1}'].join(',');
  lastTexts = { agent: { name: agent.name, role: agent.role }, domain, policyVersion, server, session, tool, before: `{"agent":${agentText(agent)},`, behind };
  return lastTexts;
}

interface MoreMembers {
  readonly beforePolicy: readonly string[];
  readonly afterPolicy: readonly string[];
}

const none: MoreMembers = { beforePolicy: [], afterPolicy: [] };

function roundOf(message: Uint8Array, hasRound: boolean | undefined): MoreMembers {
  if (hasRound !== true) return none;
  const members = paramsOf(message);
  const text = (key: string): string[] => {
    const value = lastMember(members, key);
    return value === undefined ? [] : [`"${key}":${canonicalLiteral(message, value)}`];
  };
  return { beforePolicy: text('inputResponses'), afterPolicy: text('requestState') };
}

function askedOf(message: Uint8Array, method: string): MoreMembers {
  const members = paramsOf(message).filter(({ key }) => key !== '_meta').map(({ key, value }) => ({ key, text: canonicalLiteral(message, value) }));
  members.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { beforePolicy: [`"method":${JSON.stringify(method)}`, `"params":{${members.map(({ key, text }) => `${JSON.stringify(key)}:${text}`).join(',')}}`], afterPolicy: [] };
}

function paramsOf(message: Uint8Array): readonly MemberSpan[] {
  const params = lastMember(membersOf(message), 'params');
  return params === undefined ? [] : membersOf(message, params.start);
}

function agentText({ name, role }: ActionContext['agent']): string {
  return `{"name":${JSON.stringify(name)},"role":${JSON.stringify(role)}}`;
}

function argumentsOf(message: Uint8Array): Span | undefined {
  const params = lastMember(membersOf(message), 'params');
  return params === undefined ? undefined : lastMember(membersOf(message, params.start), 'arguments');
}
