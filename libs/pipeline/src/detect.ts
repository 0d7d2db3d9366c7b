/**
 * Observations in, findings out: runs the detectors of one process, each with its own memory per domain.
 * DE1. An observation with a call is answered by every detector, even by one that threw or said nothing: the judge never waits in vain.
 * DE2. A detector's findings for one observation share `of`, and their ids and ordinals follow from it alone.
 * DE3. One detector's failure is told and recorded as `detector-failed`; it stops neither its siblings nor the stage.
 * DE4. What leaves here satisfies the topic's schema, or counts as that detector's failure.
 */
import { findingId, findingSchema, nothing, severities, type Decision, type Detector, type Finding, type FindingDraft, type Observation } from '@countersign/contracts';
import type { Clock } from './clock.js';
import { createDomainMemories, type Memories } from './domain-memories.js';
import type { StoredRecord } from './event-log.js';
import { parseRecord } from './parse-record.js';
import type { Output, Processor } from './processor.js';
import type { Telemetry } from './telemetry.js';

/** A detector that says more of one observation is cut to its gravest; gates first. */
const findingsPerDetectorMax = 32;

export interface DetectOptions {
  /** At most one of each name. */
  readonly detectors: readonly Detector<unknown>[];
  readonly telemetry: Telemetry;
  /** For the seconds each detector takes; without it they are not told. Findings never depend on it. */
  readonly clock?: Clock;
  /** Consumer group and snapshot name; set it when the detectors are spread over processes. Default `detect`. */
  readonly name?: string;
  readonly domainsMax?: number;
}

/** @returns a processor that reads `observations` and `decisions` and writes `findings`, keyed by domain. */
export function createDetect(options: DetectOptions): Processor {
  const { detectors, telemetry, name = 'detect', domainsMax = 1_000 } = options;
  if (new Set(detectors.map((detector) => detector.name)).size !== detectors.length) throw new Error('detect was given two detectors of one name; each may run once.');
  const memories = createDomainMemories({ detectors, domainsMax, telemetry });

  async function handle(record: StoredRecord): Promise<readonly Output[]> {
    if (record.topic === 'decisions') {
      const decision = parseRecord('decisions', record);
      return decide(options, decision, memories.of(decision.domain));
    }
    const observation = parseRecord('observations', record);
    const known = memories.of(observation.domain);
    // Side by side: no detector sees another's memory, and a slow probe must not add to the rest.
    const answers = await Promise.all(detectors.map((detector) => ask(options, { detector, observation, known })));
    return answers.flat().map(outputOf);
  }

  return { name, version: '1', reads: ['observations', 'decisions'], early: true, handle, snapshot: memories.snapshot, restore: memories.restore };
}

interface Question {
  readonly detector: Detector<unknown>;
  readonly observation: Observation;
  readonly known: Memories;
}

async function ask({ telemetry, clock }: DetectOptions, question: Question): Promise<readonly Finding[]> {
  const { detector, observation, known } = question;
  const startedMs = clock?.monotonicMs() ?? 0;
  try {
    const { memory, findings: drafts } = await detector.detect(observation, known.get(detector.name));
    known.set(detector.name, memory);
    const findings = findingsOf(question, kept(drafts, observation.call !== undefined));
    const seconds = clock === undefined ? {} : { seconds: (clock.monotonicMs() - startedMs) / 1_000 };
    telemetry({ event: 'DetectorRan', level: 'debug', message: `${detector.name} looked at an observation.`, fields: { detector: detector.name, version: detector.version, findings: findings.length, ...seconds } });
    for (const finding of findings) if (finding.severity !== 'none') tellFound(telemetry, finding);
    return findings;
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    telemetry({
      event: 'DetectorFailed', level: 'error', fields: { detector: detector.name, version: detector.version },
      message: `Detector ${detector.name} failed on an observation (${why.slice(0, 400)}); its answer is recorded as failed, the other detectors go on.`,
    });
    return findingsOf(question, [failedDraft(detector)]);
  }
}

function tellFound(telemetry: Telemetry, finding: Finding): void {
  telemetry({ event: 'FindingMade', level: 'debug', message: `${finding.detector} found ${finding.kind}.`, fields: { detector: finding.detector, version: finding.detectorVersion, severity: finding.severity } });
}

function decide({ detectors, telemetry }: DetectOptions, decision: Decision, known: Memories): readonly Output[] {
  for (const detector of detectors) {
    try {
      if (detector.decide !== undefined) known.set(detector.name, detector.decide(decision, known.get(detector.name)));
    } catch (error) {
      const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      telemetry({
        event: 'DetectorFailed', level: 'error', fields: { detector: detector.name, version: detector.version },
        message: `Detector ${detector.name} could not take in a decision of kind ${decision.kind} (${why.slice(0, 400)}); it goes on as if the decision had not been made.`,
      });
    }
  }
  return [];
}

function kept(drafts: readonly FindingDraft[], isCall: boolean): readonly FindingDraft[] {
  if (!isCall) return gravest(drafts.filter((draft) => draft.kind !== nothing.kind));
  return drafts.length === 0 ? [nothing] : gravest(drafts);
}

function gravest(drafts: readonly FindingDraft[]): readonly FindingDraft[] {
  if (drafts.length <= findingsPerDetectorMax) return drafts;
  const weight = (draft: FindingDraft): number => severities.indexOf(draft.severity) + (draft.gate === undefined ? 0 : severities.length);
  return [...drafts].sort((a, b) => weight(b) - weight(a)).slice(0, findingsPerDetectorMax);
}

function failedDraft(detector: Detector<unknown>): FindingDraft {
  return { kind: 'detector-failed', severity: 'info', sentence: `The ${detector.name} detector failed on this message, so it says nothing about it; see the log of detect.` };
}

function findingsOf(question: Question, drafts: readonly FindingDraft[]): readonly Finding[] {
  return drafts.map((draft, ordinal) => {
    const about = aboutOf(question, ordinal, drafts.length);
    // Most findings: nothing of it is a detector's, and what is the observation's has been checked.
    return draft === nothing ? { ...about, kind: nothing.kind, severity: nothing.severity, sentence: '', evidence: [] } : findingSchema.parse({ ...draft, ...about });
  });
}

function aboutOf({ detector, observation }: Question, ordinal: number, of: number): Omit<Finding, 'kind' | 'severity' | 'sentence' | 'evidence'> {
  const { call, agent, session, server, domain, at } = observation;
  const aboutCall = call === undefined ? {} : { callId: call.callId, tool: call.tool };
  return { v: 1, id: findingId(observation.id, detector.name, ordinal), ordinal, of, observationId: observation.id, domain, ...aboutCall, agent, session, server, detector: detector.name, detectorVersion: detector.version, at };
}

function outputOf(finding: Finding): Output {
  return { topic: 'findings', id: finding.id, key: finding.domain, value: JSON.stringify(finding), parsed: finding };
}
