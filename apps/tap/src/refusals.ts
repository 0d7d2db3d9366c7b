/**
 * The sentences an agent reads when something of its was not done.
 * RF1. Three parts: what was refused, why in one sentence that names the rule, what would make it pass.
 * RF2. `why` and `wouldPass` come from tables, the policy and the judge's own table, never from evidence.
 */
import type { Refusal } from '@countersign/wire';
import type { VerdictNews } from './gate-frames.js';

export interface RefusedCall {
  readonly server: string;
  readonly tool: string;
  readonly tier: string;
  readonly rule: string;
  readonly policyVersion: string;
}

const name = ({ server, tool }: RefusedCall): string => `${server}/${tool.slice(0, 128)}`;
const notSent = (call: RefusedCall): string => `Countersign refused the call ${name(call)}; it was not sent to the server.`;
const by = ({ tier, rule, policyVersion }: RefusedCall): string => `(tier ${tier} by rule "${rule}" of policy ${policyVersion})`;

export function refusedByRule(call: RefusedCall, sentence: string): Refusal {
  const isCapability = call.rule === 'agent-may-not-call';
  return {
    code: 'denied', reason: isCapability ? 'agent-may-not-call' : 'refused-by-rule',
    what: notSent(call), why: `Why: ${sentence} ${by(call)}.`,
    wouldPass: `What would pass: ${isCapability ? 'a tool that this agent may call' : 'a tool or arguments that the policy allows'}.`,
  };
}

export function refusedByVerdict(call: RefusedCall, verdict: VerdictNews): Refusal {
  const [reason] = verdict.reasons;
  const code = reason?.code ?? 'denied';
  return {
    code: 'denied', reason: code, what: notSent(call),
    why: `Why: ${code} ${by(call)}.`,
    wouldPass: passing(reason?.wouldPass),
  };
}

export function refusedByPeople(call: RefusedCall, outcome: 'denied' | 'expired', message: string | undefined): Refusal {
  const why = outcome === 'denied' ? `a person denied it${message === undefined ? '' : `, saying: "${message.slice(0, 500)}"`}` : 'nobody decided in time, and silence is a no';
  return {
    code: 'denied', reason: outcome === 'denied' ? 'denied-by-people' : 'approval-expired',
    what: notSent(call), why: `Why: ${why} ${by(call)}.`,
    wouldPass: outcome === 'denied' ? 'What would pass: another call; this one was decided.' : 'What would pass: the same call again, once somebody can decide.',
  };
}

/** @param page where people decide, if it is known. */
export function stillWaiting(call: RefusedCall, ticket: string, page?: string): Refusal {
  return {
    code: 'awaiting', reason: 'awaiting-decision', ticket,
    what: `Countersign holds back the call ${name(call)}; it was not sent to the server.`,
    why: `Why: it waits for a person's decision, ticket ${ticket} ${by(call)}.`,
    wouldPass: `What would pass: repeat exactly the same call later; once a person approved it${page === undefined ? '' : ` at ${page}`}, the repeated call is sent.`,
  };
}

/** The person at the client gave the waiting call up. */
export function givenUp(call: RefusedCall): Refusal {
  return {
    code: 'denied', reason: 'given-up', what: notSent(call),
    why: `Why: the person at the client gave it up while it waited for a decision ${by(call)}.`,
    wouldPass: 'What would pass: the same call again, if it is wanted after all; it will be asked about anew.',
  };
}

/** The policy would change an argument, and cannot. */
export function refusedByEdit(call: RefusedCall, { rule, why }: { readonly rule: string; readonly why: string }): Refusal {
  return {
    code: 'denied', reason: 'edit-impossible', what: notSent(call),
    why: `Why: the policy changes this call by "${rule}", and ${why} ${by(call)}.`,
    wouldPass: 'What would pass: the call with arguments of the kind the tool’s schema names.',
  };
}

/** What a server asks of a client, refused to the server. Says nothing of the policy's reasons: it is read on the other side. */
export function refusedAsk(server: string, method: string): Refusal {
  return {
    code: 'denied', reason: 'refused-by-policy',
    what: `The request ${method.slice(0, 128)} of server "${server}" was not passed to the client.`, why: 'Why: a policy of the client’s side does not allow it.', wouldPass: 'What would pass: going on without it.',
  };
}

export function gateUnavailable(call: RefusedCall, because: 'gate-away' | 'no-verdict'): Refusal {
  const why = because === 'gate-away' ? 'Countersign’s gate cannot be reached, so nobody could judge it' : 'no verdict came in time';
  return {
    code: 'unavailable', reason: because === 'gate-away' ? 'gate-unavailable' : 'no-verdict-in-time',
    what: notSent(call), why: `Why: ${why}, and this tier is closed then ${by(call)}.`,
    wouldPass: because === 'gate-away' ? 'What would pass: the same call again, once Countersign runs (`countersign up`).' : 'What would pass: the same call again.',
  };
}

const limits = {
  'ambiguous-json': ['uninspectable', 'it can be read in two ways (repeated keys, or numbers or text that parsers disagree on)', 'the same call written as plain JSON without repeated keys'],
  uninspectable: ['uninspectable', 'it is nested too deep or too long to be inspected', 'the same work in smaller calls'],
  'spool-full': ['unavailable', 'it could not be recorded durably, and calls of this tier are not sent unrecorded', 'the same call again, once the disk or the spool has space'],
  'too-many-held': ['unavailable', 'too many calls are held already', 'the same call again, after some of them were decided'],
  'attestation-conflict': ['denied', 'its header and its metadata carry different attestations', 'the call with one attestation'],
  'modify-unsupported': ['denied', 'the verdict would change its arguments, which this tap does not do', 'the call with arguments the policy allows'],
  'grant-refused': ['denied', 'its approval was used already or is over', 'the same call again, to be approved anew'],
} as const;
export type LimitReason = keyof typeof limits;

export function refusedByLimit(call: RefusedCall, reason: LimitReason): Refusal {
  const [code, why, pass] = limits[reason];
  return { code, reason, what: notSent(call), why: `Why: ${why} ${by(call)}.`, wouldPass: `What would pass: ${pass}.` };
}

/** For what is no readable call but might be one to a more lenient parser. */
export function refusedMessage(policyVersion: string): Refusal {
  return {
    code: 'uninspectable', reason: 'ambiguous-json',
    what: 'Countersign refused a message; it was not sent to the server.',
    why: `Why: it may be a tool call, and parsers would read it differently (policy ${policyVersion}).`,
    wouldPass: 'What would pass: the same message as one line of plain JSON-RPC.',
  };
}

export function withheldResult(call: RefusedCall, verdict: VerdictNews | undefined): Refusal {
  const [reason] = verdict?.reasons ?? [];
  const id = verdict?.quarantineId;
  return {
    code: verdict === undefined ? 'unavailable' : 'denied', reason: reason?.code ?? 'result-withheld',
    ...(id === undefined ? {} : { quarantineId: id }),
    what: `Countersign withheld the result of ${name(call)}; the call itself was done.`,
    why: `Why: ${verdict === undefined ? 'it could not be judged in time, and such results are closed then' : (reason?.code ?? 'the result was found unsafe')} (policy ${call.policyVersion}).`,
    wouldPass: id === undefined ? passing(reason?.wouldPass) : `What would pass: an operator releases it; its quarantine id is ${id}.`,
  };
}

function passing(wouldPass: string | undefined): string {
  return `What would pass: ${wouldPass ?? 'the same call again, after an operator looked at it.'}`;
}
