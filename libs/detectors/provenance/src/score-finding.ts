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
import type { CallView } from './call-view.js';
import { evidenceOf } from './document.js';
import { featureNames, featuresOf, type Explained, type FeatureName, type Features } from './features.js';
import { pValueOf, type History, type Lesson } from './history.js';
import { lessonOf } from './lesson.js';
import { toolOf, type Memory, type Session } from './memory.js';

const termsShown = 4;

export interface ScoredCall {
  readonly observation: Observation;
  readonly session: Session;
  readonly view: CallView;
  readonly memory: Memory;
  readonly policy: CompiledPolicy;
}

export interface Scored {
  readonly finding: FindingDraft;
  readonly lesson: Lesson;
  readonly explained: Explained;
}

/** Kind `explained-by-source` when a lane would hold the call; otherwise `nothing`, with the numbers all the same. */
export function scoreFinding(call: ScoredCall): Scored {
  const { observation, session, view, memory, policy } = call;
  const toolName = observation.call?.tool ?? '';
  const history = memory.histories.get(observation.agent.name);
  const known = history !== undefined && history.sessions >= policy.policy.scores.sessionsMin ? history : undefined;
  const { vocabulary } = memory.indexer;
  const { lesson, named } = lessonOf({ callId: observation.call?.callId ?? observation.id, tool: toolName, view, vocabulary });
  const explained = featuresOf({ view, tool: toolOf(memory, observation.server, toolName).ids, toolName, lesson, named, session, vocabulary, impact: observation.call?.impact ?? 'write', history: known });
  const lanes = lanesFor({ task: session.task !== undefined, known: known !== undefined });
  const a = laneScore(lanes.a, explained.features);
  const b = laneScore(lanes.b, explained.features);
  const margin = Math.max(a - lanes.a.threshold, b - lanes.b.threshold);
  session.scoreMax = Math.max(session.scoreMax, margin);
  const lane = a - lanes.a.threshold >= b - lanes.b.threshold ? lanes.a : lanes.b;
  return { finding: finding({ call, explained, margin, a, b, history, lane }), lesson, explained };
}

interface Found {
  readonly call: ScoredCall;
  readonly explained: Explained;
  readonly margin: number;
  readonly a: number;
  readonly b: number;
  readonly history: History | undefined;
  readonly lane: LaneModel;
}

function finding({ call, explained, margin, a, b, history, lane }: Found): FindingDraft {
  const n = history?.sessionScores.length ?? 0;
  const features = { ...named(explained.features), laneA: a, laneB: b };
  if (margin <= 0) return { kind: 'nothing', severity: 'none', score: margin, sampleSize: n, features };
  const calibrated = history !== undefined && n > 0 && n >= call.policy.policy.scores.sessionsMin;
  const terms = topTerms(lane, explained.features);
  const basis = calibrated
    ? `Compared with the highest score of ${n} benign sessions of this agent.`
    : `Only ${n} benign sessions of this agent are known (${call.policy.policy.scores.sessionsMin} needed for its own p-value): the threshold is the one frozen on tuning runs of other agents.`;
  const unread = call.session.task === undefined ? ' No task text was given.' : '';
  return {
    kind: 'explained-by-source', severity: 'high', score: margin, sampleSize: n,
    sentence: `${terms.length === 0 ? 'The call as a whole is above the threshold' : terms.join('; ')}.${unread} ${basis}`.slice(0, 1000),
    wouldPass: wayOut(call, explained),
    evidence: evidence(call, explained),
    features: { ...features, taint: explained.features.g_free },
    ...(calibrated ? { pValue: pValueOf(history, margin) } : {}),
  };
}

/** What would have made the call pass; people decide by it. */
function wayOut({ view, session }: ScoredCall, { strongest }: Explained): string {
  const argument = strongest === undefined ? undefined : view.document.leaves[strongest.leaf]?.text.slice(0, 80);
  const meant = argument === undefined ? 'A person\'s word that the call is meant' : `A person's word that "${argument}" is meant`;
  const task = session.task === undefined ? 'a task text that asks for it' : 'a task that names it';
  return `${meant}, ${task}, an entry under \`knownEntities\`, or a policy that trusts the source's field.`.slice(0, 400);
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
  const leaf = call.view.document.leaves[strongest.leaf];
  return [
    evidenceOf(strongest.document, { leaf: strongest.unit.leaf, start: strongest.unit.start, end: strongest.unit.end }, `the passage, in ${strongest.document.origin.server}/${strongest.document.origin.tool}`),
    evidenceOf(call.view.document, { leaf: strongest.leaf, start: 0, end: leaf?.text.length ?? 0 }, 'the argument'),
  ];
}

function named(features: Features): Record<string, number> {
  const shown: Record<string, number> = {};
  for (const name of featureNames) if (features[name] !== 0) shown[name] = features[name];
  return shown;
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
