/**
 * A recorded run → the observations a tap would have written.
 * RO1. The calls of one turn are all asked before any of them is answered: what a turn did not see cannot explain it.
 * RO2. Impact comes from the same classification that a tap uses.
 */
import { createHash } from 'node:crypto';
import { toolClassOf, type CompiledPolicy } from '@countersign/policy';
import type { Observation } from '@countersign/contracts';
import type { RecordedCall, Trace } from './traces.js';

export interface Staging {
  readonly policy: CompiledPolicy;
  readonly tools: readonly { readonly name: string }[];
  readonly withTask: boolean;
  textOf(call: RecordedCall): string;
}

export interface Staged {
  readonly observation: Observation;
  /** The recorded call this is the request of. */
  readonly call?: RecordedCall;
}

export function staged(trace: Trace, staging: Staging): Staged[] {
  const out: Staged[] = [];
  const turns = new Map<number, RecordedCall[]>();
  for (const call of trace.calls) turns.set(call.turn, [...(turns.get(call.turn) ?? []), call]);
  const say = sayer(trace, staging);
  for (const calls of turns.values()) {
    for (const call of calls) out.push({ observation: say(call, 'request', { name: call.tool, arguments: call.args }), call });
    for (const call of calls) out.push({ observation: say(call, 'result', resultOf(call, staging)) });
  }
  return out;
}

/** The listing of a suite's tools, as its server would send it. */
export function listing(suite: string, tools: readonly unknown[]): Observation {
  return {
    ...base({ id: `${suite}/tools`, suite, session: suite }), direction: 'server-to-client',
    message: { shape: 'response', method: 'tools/list', bytes: 0, digest: '', flags: [], payload: { tools } },
  };
}

function resultOf(call: RecordedCall, staging: Staging): unknown {
  const text = call.error ?? staging.textOf(call);
  return { content: [{ type: 'text', text }], ...(call.error === null ? {} : { isError: true }) };
}

function sayer(trace: Trace, { policy, tools, withTask }: Staging): (call: RecordedCall, phase: 'request' | 'result', payload: unknown) => Observation {
  let seq = 0;
  return (call, phase, payload) => {
    seq += 1;
    const definition = tools.find(({ name }) => name === call.tool);
    const { impact } = toolClassOf(policy, { server: trace.suite, tool: call.tool, definition });
    const text = JSON.stringify(payload);
    return {
      ...base({ id: `${trace.id}#${seq}`, suite: trace.suite, session: trace.id }), seq,
      direction: phase === 'request' ? 'client-to-server' : 'server-to-client',
      message: { shape: phase === 'request' ? 'request' : 'response', method: 'tools/call', bytes: text.length, digest: createHash('sha256').update(text).digest('hex'), flags: [], payload },
      call: { callId: `${trace.id}#${seq}`, phase, tool: call.tool, impact, tier: 'medium', tierRule: 'replay', policyVersion: policy.version, actionDigest: '', waits: false, deadlineMs: 0 },
      ...(withTask ? { metadata: { task: { text: trace.prompt.slice(0, 4_096) } } } : {}),
    };
  };
}

function base(of: { id: string; suite: string; session: string }): Observation {
  return {
    v: 1, id: of.id, kind: 'message', domain: 'replay', tapId: 'replay', epoch: 1, seq: 0, at: '2026-01-01T00:00:00.000Z', monotonicUs: 0,
    agent: { name: of.suite, role: of.suite }, server: of.suite, session: of.session.slice(0, 256), sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: 'client-to-server',
  };
}
