/**
 * What the tap answers in the server's place, in forms clients accept.
 * AN1. A tool call is refused with an `isError` result, so that the model sees why; anything else with a JSON-RPC error.
 * AN2. `resultType` stands in a result iff the request was modern: a modern client throws without it, a legacy one never saw it.
 * AN3. The id is the request's own text.
 * AN4. A refusal says what was refused, why in one sentence naming the rule, and what would make it pass. It never quotes evidence:
 *      an attacker reads it too, and its words must not carry a stranger's text back to the agent.
 */
export const answerCodes = {
  denied: -31999,
  awaiting: -31998,
  unavailable: -31997,
  uninspectable: -31996,
} as const;
export type AnswerCode = keyof typeof answerCodes;

export interface Refusal {
  readonly code: AnswerCode;
  /** A word of policy's vocabulary, e.g. `flow-to-sink`. */
  readonly reason: string;
  /** The three parts. */
  readonly what: string;
  readonly why: string;
  readonly wouldPass: string;
  /** Names a call awaiting people, or a withheld result. */
  readonly ticket?: string;
  readonly quarantineId?: string;
}

export interface AnsweredRequest {
  /** JSON text of the id, as it came. */
  readonly rpcId: string;
  readonly isToolCall: boolean;
  readonly era: 'legacy' | 'modern';
}

/** One message, without a line ending. */
export function refusalAnswer(request: AnsweredRequest, refusal: Refusal): Uint8Array {
  const text = `${refusal.what} ${refusal.why} ${refusal.wouldPass}`;
  const details = {
    reason: refusal.reason,
    ...(refusal.ticket === undefined ? {} : { ticket: refusal.ticket }),
    ...(refusal.quarantineId === undefined ? {} : { quarantineId: refusal.quarantineId }),
  };
  if (!request.isToolCall) {
    return Buffer.from(`{"jsonrpc":"2.0","id":${request.rpcId},"error":${JSON.stringify({ code: answerCodes[refusal.code], message: text, data: details })}}`);
  }
  const result = {
    content: [{ type: 'text', text }],
    isError: true,
    ...(request.era === 'modern' ? { resultType: 'complete' } : {}),
    _meta: { 'dev.countersign/refusal': { code: answerCodes[refusal.code], ...details } },
  };
  return Buffer.from(`{"jsonrpc":"2.0","id":${request.rpcId},"result":${JSON.stringify(result)}}`);
}
