/** Observations for tests, made the way a tap makes them: one tap per agent, ids that count up. */
import { createHash } from 'node:crypto';
import type { ClientMetadata, Impact, Observation } from '@countersign/contracts';

export interface Step {
  readonly agent: string;
  readonly role?: string;
  readonly session?: string;
  readonly server?: string;
  readonly tool: string;
  readonly impact?: Impact;
  readonly args?: Record<string, unknown>;
  readonly task?: string;
  readonly delegation?: unknown;
}

export class Scenario {
  private seq = 0;

  request(step: Step): Observation {
    const metadata: ClientMetadata = { ...(step.task === undefined ? {} : { task: { text: step.task } }), ...(step.delegation === undefined ? {} : { delegation: step.delegation }) };
    return this.message(step, 'request', { payload: { name: step.tool, arguments: step.args ?? {} }, metadata });
  }

  result(step: Step, answer: string | Record<string, unknown>): Observation {
    const payload = typeof answer === 'string' ? { content: [{ type: 'text', text: answer }] } : answer;
    return this.message(step, 'result', { payload, metadata: {} });
  }

  closed(step: Step): Observation {
    const observation: Observation = { ...this.message(step, 'result', { payload: {}, metadata: {} }), kind: 'epoch-closed' };
    delete observation.message;
    delete observation.call;
    return observation;
  }

  private message(step: Step, phase: 'request' | 'result', what: { payload: unknown; metadata: ClientMetadata }): Observation {
    this.seq += 1;
    const text = String(JSON.stringify(what.payload));
    return {
      v: 1, id: `tap-${step.agent}/1/${this.seq}`, kind: 'message', domain: 'test', tapId: `tap-${step.agent}`, epoch: 1, seq: this.seq,
      at: new Date(Date.UTC(2026, 0, 1) + this.seq * 1000).toISOString(), monotonicUs: this.seq * 1_000_000,
      agent: { name: step.agent, role: step.role ?? step.agent }, server: step.server ?? 'server', session: step.session ?? 's1', sessionRule: 'process',
      transport: 'stdio', era: 'legacy', direction: phase === 'request' ? 'client-to-server' : 'server-to-client',
      message: {
        shape: phase === 'request' ? 'request' : 'response', method: 'tools/call', bytes: text.length,
        digest: createHash('sha256').update(text).digest('hex'), flags: [], payload: what.payload,
      },
      call: {
        callId: `call-${this.seq}`, phase, tool: step.tool, impact: step.impact ?? 'read', tier: 'medium', tierRule: 'test', policyVersion: 'test',
        actionDigest: 'test', waits: false, deadlineMs: 0,
      },
      metadata: what.metadata,
    };
  }
}
