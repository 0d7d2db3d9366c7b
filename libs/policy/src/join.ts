/**
 * The findings of one observation, collected until they say enough.
 * JO1. Order and repetition change nothing: findings may come before their observation, twice, or mixed with others'.
 * JO2. A detector has answered when `of` of its findings were seen (F2).
 * JO3. Bounded: at most 64 findings are kept per observation; what is over counts as seen and is dropped.
 */
import type { DetectorName, Finding } from '@countersign/contracts';

const findingsMax = 64;

interface Answer {
  readonly of: number;
  readonly seen: readonly number[];
}

/** Plain data, so that a snapshot is its JSON. `Subject` is what the judge keeps of the observation. */
export interface Join<Subject> {
  readonly observationId: string;
  readonly firstSeenMs: number;
  /** Absent while only findings came. */
  readonly subject?: Subject;
  /** When the verdict is due whatever is missing; absent while the observation is. */
  readonly dueAtMs?: number;
  readonly answers: Readonly<Partial<Record<DetectorName, Answer>>>;
  readonly findings: readonly Finding[];
}

export function openJoin<Subject>(observationId: string, nowMs: number): Join<Subject> {
  return { observationId, firstSeenMs: nowMs, answers: {}, findings: [] };
}

export function withFinding<Subject>(join: Join<Subject>, finding: Finding): Join<Subject> {
  const answer = join.answers[finding.detector] ?? { of: finding.of, seen: [] };
  if (answer.seen.includes(finding.ordinal)) return join;
  const answers = { ...join.answers, [finding.detector]: { of: answer.of, seen: [...answer.seen, finding.ordinal] } };
  const kept = join.findings.length < findingsMax ? [...join.findings, finding] : join.findings;
  return { ...join, answers, findings: kept };
}

/** @returns those of `awaited` that have not said everything yet, in the order given. */
export function silentIn<Subject>(join: Join<Subject>, awaited: readonly DetectorName[]): readonly DetectorName[] {
  return awaited.filter((detector) => {
    const answer = join.answers[detector];
    return answer === undefined || answer.seen.length < answer.of;
  });
}
