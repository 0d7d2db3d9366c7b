/**
 * Findings about what came from a server: hidden text, and instructions standing in data.
 * TF1. Each span in the evidence is a span of the string at its path, so that a judge can cut it out.
 * TF2. `hidden-text` is deterministic and gates; `instruction-in-data` is a score and never does.
 * TF3. What was raised as strong is not learnt as clean.
 * TF4. Scores with an observer and without are never compared: each has its own prior and its own calibration.
 */
import type { FindingDraft } from '@countersign/contracts';
import { calibratedMin, learnClean, pValueOf, type Calibration } from './calibration.js';
import type { Reader, ScoredWindow } from './content.js';
import { isEcho } from './echo.js';
import { evidenceMax, printable, spanEvidence } from './evidence.js';
import type { HiddenRegion } from './hidden.js';
import { raised, type Placed } from './instruction-finding.js';
import { leavesOf, type Leaf } from './leaves.js';
import type { Scorer, TextModel } from './model.js';
import { labelOf, learnField, noveltyOf, type FieldPast } from './novelty.js';
import type { ObservedWindow, ObserverReader, ObserverState } from './observer.js';
import type { Vocabulary } from './vocabulary.js';

export interface TextScene {
  readonly observationId: string;
  readonly payload: unknown;
  readonly reader: Reader;
  readonly scorer: Scorer;
  readonly model: TextModel;
  readonly observer: ObserverReader | undefined;
  readonly vocabulary: Vocabulary & { readonly generation: number };
  readonly ownWords: ReadonlySet<number> | undefined;
  /** The tool's own history, of scores with an observer or of scores without; absent where instructions are to be expected (prompts, server instructions). */
  readonly calibration: ((isObserved: boolean) => Calibration) | undefined;
  /** The past of one field of this tool; absent with `calibration`. */
  readonly field: ((path: string, label: string) => FieldPast) | undefined;
}

interface Read {
  /** Highest first. */
  readonly placed: readonly Placed[];
  readonly others: readonly FindingDraft[];
}

const raisedBelow = 0.05;

/** @returns a promise only when the observer has something to read. */
export function textFindings(scene: TextScene): FindingDraft[] | Promise<FindingDraft[]> {
  const { observer } = scene;
  const read = readScene(scene);
  const windows = read.placed.map(({ window }) => window);
  if (observer === undefined) return concluded(scene, read, { state: 'absent' });
  if (!observer.asks(windows)) return concluded(scene, withObserved(read, observer.settled(windows)), { state: 'idle' });
  return observer.read(windows).then((seen) => ('problem' in seen ? concluded(scene, read, { state: 'late', problem: seen.problem }) : concluded(scene, withObserved(read, seen), { state: 'read' })));
}

function readScene(scene: TextScene): Read {
  const { leaves, complete } = leavesOf(scene.payload);
  const placed: Placed[] = [];
  const hidden: { leaf: Leaf; region: HiddenRegion }[] = [];
  for (const leaf of leaves) {
    const reading = scene.reader.read(leaf.text, scene.vocabulary);
    for (const window of reading.windows) if (!isEcho(window.words, scene.ownWords)) placed.push(placedIn(scene, leaf, window));
    for (const region of reading.hidden) if (isHiddenText(region, reading.windows, scene.model)) hidden.push({ leaf, region });
  }
  placed.sort((a, b) => b.score - a.score);
  const others = [hiddenFinding(scene, hidden), complete ? undefined : unscanned('The result has more text than is read; what was left over counts as untrusted.')];
  return { placed, others: others.filter((finding) => finding !== undefined) };
}

/** Novelty ranks what already speaks a little like an order; alone it is only news. */
const noveltyAbove = -1;

function placedIn({ field }: TextScene, leaf: Leaf, window: ScoredWindow): Placed {
  const past = field?.(leaf.path.replace(/\[\d+\]/g, '[]'), labelOf(leaf.text, window.start));
  const novelty = window.score > noveltyAbove ? noveltyOf(past, window.plain, window.words.length) : 0;
  return { leaf, window, score: window.score, novelty, past };
}

/** Not sorted anew: what the observer left out keeps its order, behind what it was shown. */
function withObserved({ placed, others }: Read, seen: readonly ObservedWindow[]): Read {
  const observed = placed.map((entry, n): Placed => ({ ...entry, score: seen[n]?.score ?? entry.score, ...(seen[n]?.seen !== undefined && { seen: seen[n].seen }) }));
  return { placed: observed.sort((a, b) => b.score - a.score), others };
}

interface Observed {
  readonly state: ObserverState;
  readonly problem?: string;
}

function concluded(scene: TextScene, { placed, others }: Read, observed: Observed): FindingDraft[] {
  const instruction = instructionFinding(scene, placed, observed);
  return instruction === undefined ? [...others] : [...others, instruction];
}

function instructionFinding(scene: TextScene, placed: readonly Placed[], observed: Observed): FindingDraft | undefined {
  const [highest] = placed;
  if (highest === undefined) return undefined;
  const isObserved = observed.state === 'read' || observed.state === 'idle';
  const calibration = scene.calibration?.(isObserved);
  const prior = isObserved && scene.observer !== undefined ? scene.observer.head : scene.model;
  // The prior knows no field's past, so without the tool's own history the bare score is compared.
  const isOwn = calibration !== undefined && calibration.seen >= calibratedMin;
  const top = isOwn ? placed.reduce((best, entry) => (ranked(entry) > ranked(best) ? entry : best)) : highest;
  const p = pValueOf(isOwn ? ranked(top) : top.score, calibration, prior.cleanHistogram);
  const isStrong = highest.score >= prior.strongScore;
  if (!isStrong && calibration !== undefined) learn(calibration, placed);
  return isStrong || p.pValue < raisedBelow ? raised({ ...scene, ...observed, isExpected: calibration === undefined, strongScore: prior.strongScore }, placed, { top, p, isStrong }) : undefined;
}

function ranked({ score, novelty }: Placed): number {
  return score + novelty;
}

/** What a result teaches: its tool's scores and its fields' pasts. */
function learn(calibration: Calibration, placed: readonly Placed[]): void {
  learnClean(calibration, Math.max(...placed.map(ranked)));
  for (const { past, window } of placed) if (past !== undefined) learnField(past, window.plain, window.words.length);
}

export function unscanned(sentence: string): FindingDraft {
  return { kind: 'unscanned', severity: 'medium', sentence, features: { unscanned: 1 } };
}

/** Comments and styles are everywhere; they count when what they hide speaks like an instruction. */
function isHiddenText(region: HiddenRegion, windows: readonly ScoredWindow[], model: TextModel): boolean {
  if (region.certain) return true;
  return windows.some((window) => window.wrapped && window.start >= region.start && window.end <= region.end && window.score >= model.strongScore);
}

function hiddenFinding({ observationId }: TextScene, hidden: readonly { leaf: Leaf; region: HiddenRegion }[]): FindingDraft | undefined {
  const [first] = hidden;
  if (first === undefined) return undefined;
  const shown = first.region.text === '' ? '' : ` It says: "${printable(first.region.text).slice(0, 160)}".`;
  return {
    kind: 'hidden-text',
    severity: 'high',
    gate: 'deny',
    sentence: `Text that no reader would see stands in the data (${first.region.kind}, ${hidden.length} place${hidden.length > 1 ? 's' : ''}).${shown}`,
    wouldPass: 'The same data without hidden text.',
    features: { places: hidden.length },
    evidence: hidden.slice(0, evidenceMax).map(({ leaf, region }) => spanEvidence({ observationId, leaf, start: region.start, end: region.end, text: printable(region.text) })),
  };
}
