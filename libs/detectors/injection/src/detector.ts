/**
 * Instructions hiding in data and in tools' definitions.
 * IJ1. The concept is "an instruction stands in data": it is asked of what servers send, never of what the user or the agent says.
 * IJ2. A text is read once, however often it passes; what depends on the session (echoes, calibration) is applied afterwards.
 * IJ3. Only deterministic findings gate: hidden text and pins.
 * IJ4. With an observer a detection may take until its deadline; without, it is answered at once. Its absence is said in every finding.
 * IJ5. Linear in the payload, bounded in memory, no exception on any input.
 */
import { nothing, type Decision, type Detection, type Detector, type FindingDraft, type Observation } from '@countersign/contracts';
import type { CompiledPolicy } from '@countersign/policy';
import { createReader, type Reader } from './content.js';
import { callFindings, listFindings, pinKey } from './definition-findings.js';
import { addOwnWords } from './echo.js';
import { leavesOf } from './leaves.js';
import { calibrationOf, emptyMemory, fieldOf, ownWordsOf, rememberUnscanned, restoreMemory, snapshotMemory, type InjectionMemory } from './memory.js';
import { scorerOf, type Scorer, type TextModel } from './model.js';
import { createObserverReader, type Observer, type ObserverHead, type ObserverReader } from './observer.js';
import { observerHead } from './observer-head.js';
import { approve } from './pins.js';
import { textFindings, unscanned } from './text-findings.js';
import { textModel } from './text-model.js';

export interface InjectionOptions {
  readonly policy: () => CompiledPolicy;
  /** The shipped model when absent. */
  readonly model?: TextModel;
  /** Reads what the text model is unsure of, when there is one. */
  readonly observer?: Observer | undefined;
  /** The shipped head when absent. */
  readonly head?: ObserverHead;
}

/** @throws Error when the head was fitted on another encoder than `observer`. */
export function createInjection({ policy, model = textModel, observer, head = observerHead }: InjectionOptions): Detector<InjectionMemory> {
  const scorer = scorerOf(model);
  const eyes = { reader: createReader(scorer), scorer, model, observer: observer && createObserverReader(observer, head) };
  return {
    name: 'injection',
    version: `1.1.0+${model.version}${observer === undefined ? '' : `.observer-${observer.id.slice(0, 8)}`}`,
    empty: emptyMemory,
    detect(observation, memory): Detection<InjectionMemory> | Promise<Detection<InjectionMemory>> {
      const answered = (findings: FindingDraft[]): Detection<InjectionMemory> => {
        if (findings.some(({ kind }) => kind === 'unscanned')) rememberUnscanned(memory, sessionKey(observation), placeOf(observation));
        return { memory, findings: findings.length === 0 && observation.call !== undefined ? [nothing] : findings };
      };
      const findings = findingsOf({ observation, memory, ...eyes }, policy());
      return findings instanceof Promise ? findings.then(answered) : answered(findings);
    },
    decide: pinApproved,
    snapshot: snapshotMemory,
    restore: restoreMemory,
  };
}

interface Scene {
  readonly observation: Observation;
  readonly memory: InjectionMemory;
  readonly reader: Reader;
  readonly scorer: Scorer;
  readonly model: TextModel;
  readonly observer: ObserverReader | undefined;
}

function findingsOf(scene: Scene, policy: CompiledPolicy): FindingDraft[] | Promise<FindingDraft[]> {
  const { observation, memory } = scene;
  const { message, direction, call, server } = observation;
  if (message === undefined) return [];
  if (direction === 'client-to-server') {
    rememberOwnWords(observation, memory);
    return call?.phase === 'request' ? [...callFindings({ memory, server, session: sessionKey(observation) }, call.tool, policy), ...unscannedSource(observation, memory)] : [];
  }
  if (message.payload === undefined) return message.flags.includes('over-cap') ? [unscanned('The message is too large to be read; its content counts as untrusted.')] : [];
  if (message.method === 'tools/list') return listFindings(message.payload, { observationId: observation.id, server, session: sessionKey(observation), memory });
  return readsText(message.method, call !== undefined) ? contentFindings(scene, message.method) : [];
}

/** Channels on which instructions are to be expected: their findings inform, and teach no tool's calibration. */
const instructingMethods = new Set(['initialize', 'prompts/get', 'server/discover', 'sampling/createMessage', 'elicitation/create']);
const readMethods = new Set(['tools/call', 'resources/read', 'resources/list', 'resources/templates/list', 'prompts/list', ...instructingMethods]);

function readsText(method: string | undefined, isCall: boolean): boolean {
  return isCall || (method !== undefined && readMethods.has(method));
}

function contentFindings({ observation, memory, ...eyes }: Scene, method: string | undefined): FindingDraft[] | Promise<FindingDraft[]> {
  const { id, server, call, message } = observation;
  const isInstructing = method !== undefined && instructingMethods.has(method);
  const tool = pinKey(server, call?.tool ?? method ?? 'unknown');
  return textFindings({
    ...eyes,
    observationId: id,
    payload: message?.payload,
    vocabulary: memory.vocabulary,
    ownWords: memory.ownWords.get(sessionKey(observation)),
    calibration: isInstructing ? undefined : (isObserved) => calibrationOf(memory, isObserved ? `${tool} observed` : tool),
    field: isInstructing ? undefined : (path, label) => fieldOf(memory, `${tool} ${path.slice(0, 256)} ${label}`),
  });
}

const ownLeavesMax = 64;

function rememberOwnWords(observation: Observation, memory: InjectionMemory): void {
  const task = observation.metadata?.task?.text;
  const payload = observation.call === undefined ? undefined : observation.message?.payload;
  if (task === undefined && payload === undefined) return;
  const words = ownWordsOf(memory, sessionKey(observation));
  if (task !== undefined) addOwnWords(words, task);
  for (const leaf of leavesOf(payload).leaves.slice(0, ownLeavesMax)) addOwnWords(words, leaf.text);
}

const sinks: ReadonlySet<string> = new Set(['egress', 'irreversible']);

/** What nobody read may have asked for this very call; only a person can say. */
function unscannedSource(observation: Observation, memory: InjectionMemory): FindingDraft[] {
  const place = memory.unscanned.get(sessionKey(observation));
  if (place === undefined || observation.call === undefined || !sinks.has(observation.call.impact)) return [];
  const sentence = `This session read more from ${place} than is scanned; what was left over counts as untrusted, and this call can send or undo things.`;
  return [{ kind: 'unscanned-source', severity: 'medium', gate: 'hold', sentence, wouldPass: 'A person approves this call, or a session that did not read it makes the call.', features: { unscanned: 1 } }];
}

function placeOf({ server, call, message }: Observation): string {
  return pinKey(server, call?.tool ?? message?.method ?? 'unknown').slice(0, 200);
}

function pinApproved(decision: Decision, memory: InjectionMemory): InjectionMemory {
  const { kind, outcome, subject, subjectDigest } = decision;
  if (kind !== 'pin-approved' || outcome === 'denied' || outcome === 'expired' || subject === undefined || subjectDigest === undefined) return memory;
  const pin = memory.pins.get(subject);
  if (pin !== undefined) approve(pin, subjectDigest);
  return memory;
}

function sessionKey({ agent, session }: Observation): string {
  return `${agent.name}\u0000${session}`;
}

