/**
 * What is known of a call, or of a request of another method that a rule speaks of, before anybody is asked.
 * RC1. What this process can refuse by itself (a rule, two readings, a limit, an edit that cannot be made) is refused here.
 * RC2. A call people are asked about is found again by its action digest; one that came back by itself is compared in the session it came from,
 *      where sessions are only derived.
 */
import type { ObservedCall } from '@countersign/contracts';
import type { ArgumentEdit, CompiledPolicy, TierOfCall, WaitRule } from '@countersign/policy/runtime';
import { actionDigest, digestOf, type Era, type Refusal, type RpcMessage, type Span } from '@countersign/wire';
import type { AskedCall, ReadCall } from './asked-call.js';
import type { House } from './house.js';
import type { Conversation } from './recorder.js';
import { refusedByEdit, refusedByLimit, refusedByRule, type LimitReason, type RefusedCall } from './refusals.js';
import type { Ticket } from './tickets.js';

export interface CallContext {
  readonly house: House;
  readonly conversation: Conversation;
  readonly era: Era;
}

export interface CallToRead {
  /** As it would be sent: our metadata cut out, its arguments as the policy has them. */
  readonly message: RpcMessage;
  /** Length as it came. */
  readonly rawBytes: number;
  readonly hasConflict: boolean;
  readonly edits?: readonly ArgumentEdit[] | undefined;
  /** Why an edit that should be made cannot be. */
  readonly cannotEdit?: { readonly rule: string; readonly why: string } | undefined;
  /** The ticket this call names itself, having been made to come back. */
  readonly own?: Ticket | undefined;
}

export function readCall({ house, conversation }: CallContext, call: CallToRead): ReadCall {
  const { message } = call;
  const policy = house.policy();
  const tool = toolOf(message);
  const definition = house.tools.definitionOf(tool);
  const firstOfSession = !house.allowedSessions.has(conversation.session);
  const called = { server: house.server, tool, definition, args: message.params?.['arguments'], agent: house.agent, firstOfSession };
  const { tier, resultRule } = house.tiers.of(policy, called);
  const outputSchema = { known: definition !== undefined, ...(definition?.outputSchema === undefined ? {} : { schema: definition.outputSchema }) };
  return readAny({ house, conversation }, call, { policy, tool, tier, resultRule, outputSchema });
}

/** A request of another method, of which a rule or the policy's word on answers speaks. */
export function readMethod({ house, conversation }: Pick<CallContext, 'house' | 'conversation'>, call: CallToRead, rules: { readonly tier: TierOfCall; readonly resultRule: WaitRule }): ReadCall {
  const method = call.message.method ?? '';
  return readAny({ house, conversation }, call, { ...rules, policy: house.policy(), tool: method, method, outputSchema: { known: false } });
}

export function toolOf({ params }: RpcMessage): string {
  const name = params?.['name'];
  return typeof name === 'string' ? name : '';
}

interface Rules {
  readonly policy: CompiledPolicy;
  readonly tool: string;
  readonly method?: string;
  readonly tier: TierOfCall;
  readonly resultRule: WaitRule;
  readonly outputSchema: AskedCall['outputSchema'];
}

function readAny({ house, conversation }: Pick<CallContext, 'house' | 'conversation'>, call: CallToRead, rules: Rules): ReadCall {
  const { policy, tool, method, tier } = rules;
  const { message, own, edits = [] } = call;
  const nowMs = house.clock.monotonicMs();
  const digestIn = (session: string): string => message.isTooDeep
    ? digestOf(message.bytes)
    : actionDigest(message.bytes, { domain: house.domain(), agent: house.agent, session, server: house.server, tool, policyVersion: policy.version, method, hasRound: hasRound(message) }, argumentsSpan(message));
  const isOwn = own !== undefined && mayHaveMoved(own, conversation) && digestIn(own.session) === own.actionDigest;
  const digest = isOwn ? own.actionDigest : digestIn(conversation.session);
  const ticket = isOwn ? own : house.tickets.find(digest, nowMs);
  const refused: RefusedCall = { server: house.server, tool, tier: tier.tier, rule: tier.rule, policyVersion: policy.version };
  const refusal = refusalOf(call, refused, rules);
  const observed: ObservedCall = {
    callId: ticket?.callId ?? house.makeCallId(), phase: 'request', tool: tool.slice(0, 512), impact: tier.impact, tier: tier.tier, tierRule: tier.rule.slice(0, 256),
    policyVersion: policy.version, actionDigest: digest, waits: tier.waits && refusal === undefined, deadlineMs: tier.deadlineMs,
    ...(method === undefined ? {} : { method: method.slice(0, 256) }),
    ...(edits.length === 0 ? {} : { edits: edits.map((edit) => observedEdit(edit, policy.policy.payload === 'full')) }),
  };
  return { facts: { observed, refused, resultRule: rules.resultRule, outputSchema: rules.outputSchema }, tier, ticket, refusal };
}

/** Where a session is only derived, the same client's next request may fall into another one; a named session is never left. */
function mayHaveMoved({ session }: Ticket, conversation: Conversation): boolean {
  return session === conversation.session || conversation.sessionRule === 'trace' || conversation.sessionRule === 'idle-gap';
}

function observedEdit({ rule, path, did, was }: ArgumentEdit, mayQuote: boolean): NonNullable<ObservedCall['edits']>[number] {
  return { rule, path: path.join('.').slice(0, 256), did, ...(was === undefined || !mayQuote ? {} : { was }) };
}

function hasRound({ params }: RpcMessage): boolean {
  return params !== undefined && (Object.hasOwn(params, 'requestState') || Object.hasOwn(params, 'inputResponses'));
}

/** Of repeated `params` or `arguments` the last counts, as in every common parser; the digest has both only where nothing else is said. */
function argumentsSpan({ scan }: RpcMessage): Span | undefined {
  return scan.params.at(-1)?.findLast(({ key }) => key === 'arguments')?.value;
}

function refusalOf(call: CallToRead, refused: RefusedCall, { policy, tier }: Rules): Refusal | undefined {
  if (tier.deny !== undefined) return refusedByRule(refused, tier.deny);
  if (call.cannotEdit !== undefined) return refusedByEdit(refused, call.cannotEdit);
  const limit = limitOf(call, policy, tier);
  return limit === undefined ? undefined : refusedByLimit(refused, limit);
}

function limitOf({ message, rawBytes, hasConflict, edits }: CallToRead, policy: CompiledPolicy, { tier }: TierOfCall): LimitReason | undefined {
  if (policy.policy.mode === 'observe') return undefined;
  if (message.routeIsAmbiguous) return 'ambiguous-json';
  if (hasConflict) return 'attestation-conflict';
  // An edit of one reading of the call would leave the other reading as it was.
  if (message.isAmbiguous && (tier !== 'low' || (edits?.length ?? 0) > 0)) return 'ambiguous-json';
  if (tier === 'low') return undefined;
  // What the detectors would not see cannot be judged; under `digest-only` they were never meant to see it.
  const isUnseen = rawBytes > callBytesMax && policy.policy.payload === 'full';
  return message.isTooDeep || isUnseen ? 'uninspectable' : undefined;
}

/** Above this a payload is not in the record (contracts: `payloadBytesMax`). */
const callBytesMax = 256 * 1024;
