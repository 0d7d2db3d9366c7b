/**
 * What a server asks of the client: sampling, elicitation, roots; outright, or (modern) inside a result that asks for input.
 * SA1. Without a rule of the policy it goes on, recorded. A refused request is answered to the server, and the client never sees it.
 * SA2. One that is held waits for what its text was found to be, as results do; nobody approves it.
 * SA3. A refused request inside a result refuses the whole result, to the client: there is no other way to tell the server.
 */
import type { ObservedCall } from '@countersign/contracts';
import { tierOfMethod, type TierOfCall } from '@countersign/policy/runtime';
import { actionDigest, digestOf, isRecord, refusalAnswer, type Refusal } from '@countersign/wire';
import type { Asked } from './asked.js';
import type { AskedCall } from './asked-call.js';
import type { FromServer } from './from-server.js';
import type { Passage } from './passage.js';
import { refusedAsk, refusedByRule, type RefusedCall } from './refusals.js';
import { gateResult } from './result-gate.js';

const embeddedMax = 32;

/** @param record called once, before anything is decided; with the call as it is judged where a rule holds it. */
export function judgeAsk(from: FromServer, asked: Asked, record: (call: ObservedCall | undefined) => void): Passage | Promise<Passage> {
  const { state, arrival, message } = from;
  const tier = rulingOf(from, message.method ?? '', message.params);
  if (tier === undefined) {
    record(undefined);
    return { kind: 'forward', bytes: message.bytes };
  }
  const call = askedCallOf(from, tier);
  const isUnseen = message.isTooDeep || message.isAmbiguous || arrival.bytes.length > askBytesMax;
  const waits = tier.waits && !isUnseen && tier.deny === undefined;
  record({ ...call.observed, waits });
  const refuse = (): Passage => refuseAsk(from, asked);
  if (tier.deny !== undefined) return refuse();
  const context = { house: state.house, conversation: asked.conversation, era: asked.era };
  return gateResult({ context, asked, call, bytes: message.bytes, observationId: asked.observationId, isUnseen, refuse, of: 'params' });
}

/** The refusal of the result that holds the request, if one of those in it is refused. */
export function embeddedRefusal(from: FromServer, result: RefusedCall | undefined): Refusal | undefined {
  const { state: { house }, message: { value } } = from;
  if (house.policy().methodRules.length === 0) return undefined;
  const outer = isRecord(value) ? value['result'] : undefined;
  const requests = isRecord(outer) && outer['resultType'] === 'input_required' ? outer['inputRequests'] : undefined;
  if (!isRecord(requests)) return undefined;
  const asks = Object.values(requests);
  for (const ask of asks.slice(0, embeddedMax)) {
    const tier = isRecord(ask) && typeof ask['method'] === 'string' ? rulingOf(from, ask['method'], ask['params']) : undefined;
    if (tier?.deny !== undefined) return refusedByRule({ ...(result ?? unnamed(from)), tier: tier.tier, rule: tier.rule }, tier.deny);
  }
  return asks.length > embeddedMax ? refusedByRule({ ...(result ?? unnamed(from)), rule: 'too-many-requests' }, `The server asks for more than ${embeddedMax} things at once.`) : undefined;
}

/** Above this a payload is not in the record (contracts: `payloadBytesMax`). */
const askBytesMax = 256 * 1024;

function rulingOf({ state: { house } }: FromServer, method: string, params: unknown): TierOfCall | undefined {
  const policy = house.policy();
  return policy.methodRules.length === 0 ? undefined : tierOfMethod(policy, { method, server: house.server, agent: house.agent, params, asker: 'server' });
}

/** Judged as what arrives is judged: by its text, in the phase of results. */
function askedCallOf({ state, message }: FromServer, tier: TierOfCall): AskedCall {
  const { house } = state;
  const { version } = house.policy();
  const method = (message.method ?? '').slice(0, 256);
  const context = { domain: house.domain(), agent: house.agent, session: state.conversation().session, server: house.server, tool: method, policyVersion: version, method };
  const observed: ObservedCall = {
    callId: house.makeCallId(), phase: 'result', tool: method, method, impact: tier.impact, tier: tier.tier, tierRule: tier.rule.slice(0, 256), policyVersion: version,
    actionDigest: message.isTooDeep ? digestOf(message.bytes) : actionDigest(message.bytes, context), waits: tier.waits, deadlineMs: tier.deadlineMs,
  };
  const { waits, deadlineMs, requires, onUnavailable } = tier;
  return {
    observed, outputSchema: { known: false }, resultRule: { waits, deadlineMs, requires, onUnavailable },
    refused: { server: house.server, tool: method, tier: tier.tier, rule: tier.rule, policyVersion: version },
  };
}

function unnamed({ state: { house } }: FromServer): RefusedCall {
  return { server: house.server, tool: 'result', tier: 'high', rule: '', policyVersion: house.policy().version };
}

/** Answers the server in the client's place. Where no way leads back, nothing goes on all the same, and the log says so. */
function refuseAsk({ state, arrival, era }: FromServer, asked: Asked): Passage {
  state.toClient.remove(asked.rpcId, asked);
  const bytes = refusalAnswer({ rpcId: asked.rpcId, isToolCall: false, era: era.era }, refusedAsk(state.house.server, asked.method));
  state.recordReply(bytes, era, asked);
  if (arrival.toSender?.(bytes) !== true) state.house.log(`a request of server ${state.house.server} was refused by the policy, and the server could not be told so: it may wait for an answer in vain.`);
  return { kind: 'drop' };
}
