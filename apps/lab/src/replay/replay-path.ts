/**
 * The path of production in one process, without its sockets: observations → `createDetect` with the real detectors → `createJudge` → verdicts.
 * RP1. The processors, the policy compiler, the tier rules and the record schemas are those that run; nothing here scores or rules.
 * RP2. Time is the replay's own, moved by what is replayed: the same file gives the same verdicts.
 * RP3. Results are judged too, but the recorded run goes on as it went: what a held call or a withheld text would have prevented still happens here.
 */
import { createHash } from 'node:crypto';
import { createAttestation } from '@countersign/detector-attestation';
import { createBehaviour } from '@countersign/detector-behaviour';
import { createInjection } from '@countersign/detector-injection';
import { createProbe, ModelRuntime, type LoadedModel } from '@countersign/detector-probe';
import { createProvenance } from '@countersign/detector-provenance';
import type { Decision, Detector, Finding, Observation, Verdict } from '@countersign/contracts';
import { createDetect, silentTelemetry, type Processor, type StoredRecord } from '@countersign/pipeline';
import { createJudge, type CompiledPolicy } from '@countersign/policy';

/** What the product said of one observation. */
export interface Judged {
  readonly verdict: Verdict | undefined;
  readonly findings: readonly Finding[];
}

export interface PathMemory {
  readonly detect: string;
  readonly judge: string;
}

export class ReplayPath {
  readonly #detect: Processor;
  readonly #judge: Processor;
  #offset = 0;
  #micros = 0;

  constructor(policy: () => CompiledPolicy) {
    this.#detect = createDetect({ detectors: detectorsOf(policy), telemetry: silentTelemetry });
    this.#judge = createJudge({ policy, telemetry: silentTelemetry });
  }

  /** What detectors and judge remember, for `restore` of another path of the same policy. */
  snapshot(): PathMemory {
    return { detect: this.#detect.snapshot?.() ?? '', judge: this.#judge.snapshot?.() ?? '' };
  }

  restore({ detect, judge }: PathMemory): void {
    this.#detect.restore?.(detect);
    this.#judge.restore?.(judge);
  }

  async observe(observation: Observation, nowMs: number): Promise<Judged> {
    const record = this.#record({ topic: 'observations', id: observation.id, key: observation.domain, value: JSON.stringify(observation) });
    const startedMs = performance.now();
    const findings = await this.#detect.handle(record, nowMs);
    const outputs = [...(await this.#judge.handle(record, nowMs))];
    for (const finding of findings) outputs.push(...(await this.#judge.handle(this.#record(finding), nowMs)));
    this.#micros += (performance.now() - startedMs) * 1_000;
    const verdict = outputs.find(({ topic }) => topic === 'verdicts');
    return { verdict: verdict === undefined ? undefined : (JSON.parse(verdict.value) as Verdict), findings: findings.map(({ value }) => JSON.parse(value) as Finding) };
  }

  async decide(decision: Decision, nowMs: number): Promise<void> {
    const record = this.#record({ topic: 'decisions', id: decision.id, key: decision.domain, value: JSON.stringify(decision) });
    await this.#detect.handle(record, nowMs);
    await this.#judge.handle(record, nowMs);
  }

  /** Microseconds spent in detect and judge since this was last asked. */
  takeMicros(): number {
    const micros = this.#micros;
    this.#micros = 0;
    return micros;
  }

  #record(of: Pick<StoredRecord, 'topic' | 'id' | 'key' | 'value'>): StoredRecord {
    return { ...of, partition: 0, offset: this.#offset++ };
  }
}

/** No activations are recorded in traces, so the probe only says that it has none to look at. */
class NoRuntime extends ModelRuntime {
  override load(): Promise<LoadedModel> {
    return Promise.reject(new Error('Replay runs no model: traces carry no activations.'));
  }
  override run(): Promise<Readonly<Record<string, Float32Array>>> {
    return Promise.reject(new Error('Replay runs no model: traces carry no activations.'));
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The detectors of production, on a policy. */
export function detectorsOf(policy: () => CompiledPolicy): readonly Detector<unknown>[] {
  return [createBehaviour({ policy }), createProvenance({ policy }), createInjection({ policy }), createAttestation({ policy }), createProbe({ policy, runtime: new NoRuntime() })] as unknown as readonly Detector<unknown>[];
}

/** A person's answer to a held call. */
export function answerTo(verdict: Verdict, outcome: 'approved' | 'denied'): Decision {
  return {
    v: 1, id: `${verdict.id}/answer`, kind: 'approval', domain: verdict.domain, at: verdict.at, by: 'replay', via: 'system', outcome,
    approvalId: createHash('sha256').update(verdict.id).digest('hex').slice(0, 16), callId: verdict.callId, tapId: verdict.tapId, actionDigest: verdict.actionDigest,
  };
}
