/** Sessions of one agent through the real behaviour detector, one whole session at a time, from a memory that can be forked. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createBehaviour, type BehaviourMemory } from '@countersign/detector-behaviour';
import type { Detector, FindingDraft, Impact, Observation } from '@countersign/contracts';
import { compilePolicy, defaultPolicy, toolClassOf } from '@countersign/policy';

export interface Call {
  readonly tool: string;
  readonly args: unknown;
}
export type Session = readonly Call[];

const policy = compilePolicy(defaultPolicy);
const detector: Detector<BehaviourMemory> = createBehaviour({ policy: () => policy });

export class Player {
  readonly micros: number[] = [];
  #memory: BehaviourMemory;
  #sessions = 0;

  constructor(memory: string | undefined = undefined) {
    this.#memory = memory === undefined ? detector.empty() : detector.restore(memory);
  }

  snapshot(): string {
    return detector.snapshot(this.#memory);
  }

  /** @returns what was said of each request, in order, `habits-changed` apart. */
  async play(session: Session): Promise<{ readonly calls: readonly FindingDraft[]; readonly isFlagged: boolean }> {
    const id = `session-${(this.#sessions += 1)}-${this.micros.length}`;
    const found: FindingDraft[] = [];
    for (const [at, call] of session.entries()) {
      const startedAt = performance.now();
      const { findings } = await detector.detect(observation(call, id, { at, phase: 'request' }), this.#memory);
      this.micros.push((performance.now() - startedAt) * 1000);
      found.push(...findings);
      await detector.detect(observation(call, id, { at, phase: 'result' }), this.#memory);
    }
    const end: Observation = { ...observation({ tool: '', args: {} }, id, { at: session.length, phase: 'result' }), kind: 'epoch-closed' };
    delete end.call;
    await detector.detect(end, this.#memory);
    return { calls: found.filter(({ kind }) => kind !== 'habits-changed'), isFlagged: found.some(({ kind }) => kind === 'habits-changed') };
  }
}

export function impactOf(tool: string): Impact {
  return toolClassOf(policy, { server: 'server', tool }).impact;
}

/** @param file JSON lines with `calls[] {tool, args}`, plain or gzipped. @throws when it cannot be read or holds none. */
export function sessionsOf(file: string): readonly Session[] {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  const sessions = lines.map((line) => (JSON.parse(line) as { calls?: Session }).calls ?? []).filter((calls) => calls.length > 0);
  if (sessions.length === 0) throw new Error(`${file} holds no session with calls; nothing was measured.`);
  return sessions;
}

export function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

function observation(call: Call, session: string, when: { at: number; phase: 'request' | 'result' }): Observation {
  return {
    v: 1, id: `${session}/${when.at}/${when.phase}`, kind: 'message', domain: 'habits', tapId: 'habits', epoch: 1, seq: when.at, at: '2026-01-01T00:00:00.000Z', monotonicUs: 0,
    agent: { name: 'agent', role: 'role' }, server: 'server', session, sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: 'client-to-server',
    message: { shape: 'request', bytes: 0, digest: '', flags: [], payload: { name: call.tool, arguments: call.args } },
    call: { callId: `${session}/${when.at}`, phase: when.phase, tool: call.tool, impact: impactOf(call.tool), tier: 'medium', tierRule: '', policyVersion: '', actionDigest: '', waits: false, deadlineMs: 0 },
  };
}
