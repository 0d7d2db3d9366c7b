/**
 * The score of a call as a finding a person can read.
 * SF1. `score` is the margin above the frozen threshold of the better lane: above 0, the lanes would hold it.
 * SF2. A p-value is given only from this agent's own benign sessions, and never below 1/(n + 1).
 *      It comes with a margin above 0 only: an agent whose people often approve such calls is then not asked about each.
 * SF3. Under the policy's number of sessions the finding says whose threshold it was compared with.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import type { CompiledPolicy } from '@countersign/policy';
import { callScore, type LaneModel, type LanePair } from './call-score.artefact.js';
import { evidenceOf, type Document } from './document.js';
import { featureNames, featuresOf, type Explained, type FeatureName, type Features } from './features.js';
import { pValueOf, type History } from './history.js';
import { wordsOfTool, type Memory, type Session } from './memory.js';
import { lessonOf } from './lesson.js';

const termsShown = 4;

export interface ScoredCall {
  readonly observation: Observation;
  readonly session: Session;
  readonly document: Document;
  readonly memory: Memory;
  readonly policy: CompiledPolicy;
}

/** Kind `explained-by-source` when a lane would hold the call; otherwise `nothing`, with the numbers all the same. */
export function scoreFinding(call: ScoredCall): FindingDraft {
  const { observation, session, document, memory, policy } = call;
  const toolName = observation.call?.tool ?? '';
  const history = memory.histories.get(observation.agent.name);
  const known = history !== undefined && history.sessions >= policy.policy.scores.sessionsMin ? history : undefined;
  const tool = wordsOfTool(memory, observation.server, toolName);
  const lesson = lessonOf(toolName, document);
  const explained = featuresOf({
    tool, toolName, document, lesson, session, impact: observation.call?.impact ?? 'write',
    history: known,
  });
  const lanes = lanesFor({ task: session.task !== undefined, known: known !== undefined });
  const a = laneScore(lanes.a, explained.features);
  const b = laneScore(lanes.b, explained.features);
  const margin = Math.max(a - lanes.a.threshold, b - lanes.b.threshold);
  session.scoreMax = Math.max(session.scoreMax, margin);
  return finding({ call, explained, margin, a, b, history, lane: a - lanes.a.threshold >= b - lanes.b.threshold ? lanes.a : lanes.b });
}

function finding(found: {
  call: ScoredCall; explained: Explained; margin: number; a: number; b: number; history: History | undefined; lane: LaneModel;
}): FindingDraft {
  const { call, explained, margin, a, b, history, lane } = found;
  const n = history?.sessionScores.length ?? 0;
  const calibrated = history !== undefined && n >= call.policy.policy.scores.sessionsMin && n > 0;
  const terms = topTerms(lane, explained.features);
  const basis = calibrated
    ? `Compared with the highest score of ${n} benign sessions of this agent.`
    : `Only ${n} benign sessions of this agent are known (${call.policy.policy.scores.sessionsMin} needed for its own p-value): the threshold is the one frozen on tuning runs of other agents.`;
  const unread = call.session.task === undefined ? ' No task text was given.' : '';
  return {
    kind: margin > 0 ? 'explained-by-source' : 'nothing', severity: margin > 0 ? 'high' : 'none', score: margin,
    sentence: `${terms.length === 0 ? 'Nothing that was read explains this call better than the user does' : terms.join('; ')}.${unread} ${basis}`.slice(0, 1000),
    evidence: margin > 0 ? evidence(call, explained) : [],
    features: { ...named(explained.features), laneA: a, laneB: b, taint: explained.features.g_free },
    ...(calibrated && margin > 0 ? { pValue: pValueOf(history, margin), sampleSize: n } : { sampleSize: n }),
  };
}

export function lanesFor(call: { task: boolean; known: boolean }): LanePair {
  const pairs = call.task ? callScore.task : callScore.noTask;
  return call.known ? pairs.known : pairs.unknown;
}

export function laneScore(lane: LaneModel, features: Features): number {
  let score = lane.bias;
  for (const name of featureNames) score += (lane.weights[name] ?? 0) * features[name];
  return score;
}

const meanings: Readonly<Record<FeatureName, (value: number) => string>> = {
  gate: () => 'the call changes or sends something',
  irr: () => 'it cannot be taken back',
  gvo: () => 'neither the task nor the agent asked for this action',
  gu: (value) => `${percent(value)} of the arguments were brought in by neither the task nor the agent`,
  g_bound: () => 'an argument is bound to an order in a text that was read',
  g_ungr: () => 'that order, not the user, explains the arguments',
  g_actimp: () => 'a text that was read orders this kind of action',
  g_unact: () => 'only that text asks for this action',
  g_imp: () => 'an argument stands in a sentence that gives an order',
  g_impact: () => 'an argument stands in a sentence that names this action',
  g_free: () => 'an argument stands only in prose that was read',
  le_n: (value) => `${value} arguments stand only in prose that was read`,
  wr_gap: (value) => `one paragraph that was read explains ${percent(value)} more of the call than the user does`,
  wr_cimpx: (value) => `${percent(value)} of what the user did not say stands in one passage with an order`,
  g_enew: () => 'an address, link or id stands only in prose',
  xcov: () => 'one passage holds what the user did not say',
  g_enewr: () => 'an address, link or id is new for this agent',
  e_new_r: () => 'it was never in its benign sessions',
  tool_new: () => 'this agent never used the tool',
  a_new: (value) => `${percent(value)} of the short values are new for this tool`,
  g_newseq: () => 'the tool is rare for this agent',
};

function topTerms(lane: LaneModel, features: Features): string[] {
  const terms = featureNames.map((name) => ({ name, part: (lane.weights[name] ?? 0) * features[name] })).filter(({ name, part }) => part > 0.15 && name !== 'gate');
  return terms.sort((x, y) => y.part - x.part).slice(0, termsShown).map(({ name, part }) => `${meanings[name](features[name])} (+${part.toFixed(1)})`);
}

function evidence(call: ScoredCall, explained: Explained): NonNullable<FindingDraft['evidence']> {
  const { strongest } = explained;
  if (strongest === undefined) return [];
  const leaf = call.document.content.leaves[strongest.leaf];
  return [
    evidenceOf(strongest.document, { leaf: strongest.unit.leaf, start: strongest.unit.start, end: strongest.unit.end }, `the passage, in ${strongest.document.server}/${strongest.document.tool}`),
    evidenceOf(call.document, { leaf: strongest.leaf, start: 0, end: leaf?.text.length ?? 0 }, 'the argument'),
  ];
}

function named(features: Features): Record<string, number> {
  return Object.fromEntries(featureNames.filter((name) => features[name] !== 0).map((name) => [name, features[name]]));
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
