/**
 * Findings about what came from a server: hidden text, and instructions standing in data.
 * TF1. Each span in the evidence is a span of the string at its path, so that a judge can cut it out.
 * TF2. `hidden-text` is deterministic and gates; `instruction-in-data` is a score and never does.
 * TF3. What was raised as strong is not learnt as clean.
 */
import type { Evidence, FindingDraft } from '@countersign/contracts';
import { calibratedMin, learnClean, pValueOf, type Calibration, type PValue } from './calibration.js';
import type { Reader, ScoredWindow } from './content.js';
import { isEcho } from './echo.js';
import type { Vocabulary } from './vocabulary.js';
import type { HiddenRegion } from './hidden.js';
import { leavesOf, type Leaf } from './leaves.js';
import type { TextModel } from './model.js';
import { labelOf, learnField, noveltyOf, type FieldPast } from './novelty.js';

export interface TextScene {
  readonly observationId: string;
  readonly payload: unknown;
  readonly reader: Reader;
  readonly model: TextModel;
  readonly vocabulary: Vocabulary & { readonly generation: number };
  readonly ownWords: ReadonlySet<number> | undefined;
  /** The tool's own history; absent where instructions are to be expected (prompts, server instructions). */
  readonly calibration: Calibration | undefined;
  /** The past of one field of this tool; absent with `calibration`. */
  readonly field: ((path: string, label: string) => FieldPast) | undefined;
}

interface Placed {
  readonly leaf: Leaf;
  readonly window: ScoredWindow;
  /** The score, and what the field's own past adds to it. */
  readonly ranked: number;
  readonly past: FieldPast | undefined;
}

const evidenceMax = 6;
/** Windows this far under the strongest threshold are shown beside a strong one: an attack is seldom one sentence. */
const companionMargin = 1.5;
const raisedBelow = 0.05;

export function textFindings(scene: TextScene): FindingDraft[] {
  const { leaves, complete } = leavesOf(scene.payload);
  const placed: Placed[] = [];
  const hidden: { leaf: Leaf; region: HiddenRegion }[] = [];
  for (const leaf of leaves) {
    const reading = scene.reader.read(leaf.text, scene.vocabulary);
    for (const window of reading.windows) if (!isEcho(window.words, scene.ownWords)) placed.push(placedIn(scene, leaf, window));
    for (const region of reading.hidden) if (isHiddenText(region, reading.windows, scene.model)) hidden.push({ leaf, region });
  }
  placed.sort((a, b) => b.ranked - a.ranked);
  const findings = [hiddenFinding(scene, hidden), instructionFinding(scene, placed), complete ? undefined : unscanned('The result has more text than is read; what was left over counts as untrusted.')];
  return findings.filter((finding) => finding !== undefined);
}

/** Novelty ranks what already speaks a little like an order; alone it is only news. */
const noveltyAbove = -1;

function placedIn({ field }: TextScene, leaf: Leaf, window: ScoredWindow): Placed {
  const past = field?.(leaf.path.replace(/\[\d+\]/g, '[]'), labelOf(leaf.text, window.start));
  const ranked = window.score > noveltyAbove ? window.score + noveltyOf(past, window.plain, window.words.length) : window.score;
  return { leaf, window, ranked, past };
}

/** What a result teaches: its tool's scores and its fields' pasts. */
function learn({ calibration }: TextScene, placed: readonly Placed[]): void {
  const [top] = placed;
  if (calibration === undefined || top === undefined) return;
  learnClean(calibration, top.ranked);
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
    evidence: hidden.slice(0, evidenceMax).map(({ leaf, region }) => evidence({ observationId, leaf, start: region.start, end: region.end, text: printable(region.text) })),
  };
}

function instructionFinding(scene: TextScene, placed: readonly Placed[]): FindingDraft | undefined {
  const [ranked] = placed;
  if (ranked === undefined) return undefined;
  const { calibration, model } = scene;
  // The prior knows no field's past, so without the tool's own history the bare score is compared.
  const isOwn = calibration !== undefined && calibration.seen >= calibratedMin;
  const top = isOwn ? ranked : placed.reduce((best, entry) => (entry.window.score > best.window.score ? entry : best));
  const p = pValueOf(isOwn ? top.ranked : top.window.score, calibration, model.cleanHistogram);
  const isStrong = placed.some(({ window }) => window.score >= model.strongScore);
  if (!isStrong) learn(scene, placed);
  return isStrong || p.pValue < raisedBelow ? raised(scene, placed, { top, p, isStrong }) : undefined;
}

function raised(scene: TextScene, placed: readonly Placed[], { top, p, isStrong }: { top: Placed; p: PValue; isStrong: boolean }): FindingDraft {
  const { score } = top.window;
  const isExpected = scene.calibration === undefined;
  const shown = placed.filter(({ window }) => window.score >= Math.min(score, scene.model.strongScore) - companionMargin).slice(0, evidenceMax);
  return {
    kind: 'instruction-in-data',
    severity: isStrong && !isExpected ? 'high' : isStrong || p.pValue < 0.01 ? 'medium' : 'low',
    score,
    pValue: p.pValue,
    sampleSize: p.sampleSize,
    sentence: sentenceOf(top, p, isExpected),
    features: { score, novelty: top.ranked - score, strong: isStrong ? 1 : 0, uncalibrated: p.isCalibrated ? 0 : 1, wrapped: top.window.wrapped ? 1 : 0, windows: shown.length },
    evidence: shown.map(({ leaf, window }) => evidence({ observationId: scene.observationId, leaf, start: window.start, end: window.end, text: window.plain })),
  };
}

function sentenceOf({ window }: Placed, p: PValue, isExpected: boolean): string {
  const compared = p.isCalibrated ? `${p.sampleSize} clean results of this tool` : `${p.sampleSize} clean results of other tools (uncalibrated: this tool has too little history)`;
  const place = isExpected ? 'a text that may instruct the agent' : 'data';
  return `An instruction seems to stand in ${place}: "${printable(window.plain).slice(0, 200)}" (score ${window.score.toFixed(1)}; p = ${p.pValue.toPrecision(2)} against ${compared}).`;
}

function evidence({ observationId, leaf, start, end, text }: { observationId: string; leaf: Leaf; start: number; end: number; text: string }): Evidence {
  const shown = printable(text).slice(0, 240);
  return leaf.isValue ? { observationId, path: leaf.path, start, end, text: shown } : { observationId, path: leaf.path, text: shown, note: 'It stands in a member\'s name.' };
}

/** Control characters would garble a console; people see a space instead. */
function printable(text: string): string {
  return text.slice(0, 400).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, ' '); // eslint-disable-line no-control-regex
}
