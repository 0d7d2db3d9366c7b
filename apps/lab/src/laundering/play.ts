/**
 * Graphs through the provenance detector, observation by observation, as a tap would have written them.
 * PL1. One domain holds `graphsPerDomain` graphs one after the other, so that what one says stands beside what others say.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import { createProvenance, type ProvenanceMemory } from '@countersign/detector-provenance';
import { compilePolicy, defaultPolicy, type CompiledPolicy } from '@countersign/policy';
import type { Step } from './graph.js';
import { mayCallOf, readerRoles } from './oracle.js';

export const graphsPerDomain = 16;

export const launderingPolicy: CompiledPolicy = compilePolicy({
  ...defaultPolicy,
  tools: ['files', 'notes', 'tickets', 'chat'].map((server) => ({ server, tool: '*', openWorld: false })),
  sources: (['ledger', 'staff', 'board'] as const).map((name) => ({ name, server: name, tool: '*', readers: readerRoles[name].map((role) => `role:${role}`) })),
  agents: Object.entries(mayCallOf).map(([role, mayCall]) => ({ role, mayCall: [...mayCall] })),
});

export class Player {
  readonly #detector = createProvenance({ policy: () => launderingPolicy });
  #memory: ProvenanceMemory = this.#detector.empty();
  #seq = 0;

  /** What the detector says of each step's call, in order. */
  async play(steps: readonly Step[]): Promise<readonly (readonly FindingDraft[])[]> {
    const said: (readonly FindingDraft[])[] = [];
    for (const step of steps) {
      said.push(await this.#see(this.#observation(step, 'request', { name: step.tool, arguments: step.args })));
      await this.#see(this.#observation(step, 'result', { content: [{ type: 'text', text: step.answer }] }));
    }
    return said;
  }

  newDomain(): void {
    this.#memory = this.#detector.empty();
  }

  async #see(observation: Observation): Promise<readonly FindingDraft[]> {
    const { memory, findings } = await this.#detector.detect(observation, this.#memory);
    this.#memory = memory;
    return findings;
  }

  #observation(step: Step, phase: 'request' | 'result', payload: unknown): Observation {
    this.#seq += 1;
    const seq = this.#seq;
    return {
      v: 1, id: `lab/${seq}`, kind: 'message', domain: 'lab', tapId: step.agent.name, epoch: 1, seq, at: new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString(), monotonicUs: seq * 1e6,
      agent: step.agent, server: step.server, session: step.agent.name, sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: phase === 'request' ? 'client-to-server' : 'server-to-client',
      message: { shape: phase === 'request' ? 'request' : 'response', method: 'tools/call', bytes: 0, digest: `${seq}`, flags: [], payload },
      call: { callId: `call-${seq}`, phase, tool: step.tool, impact: step.impact, tier: 'medium', tierRule: 'lab', policyVersion: 'lab', actionDigest: 'lab', waits: true, deadlineMs: 1_000 },
      metadata: phase === 'request' && step.chain.length > 0 ? { delegation: { chain: step.chain.map(({ name, role }) => ({ agent: name, role })) } } : {},
    };
  }
}
