/**
 * Findings about tools' definitions: when a list passes, and again at every call of the tool.
 * DF1. A changed definition is raised at the list, where people should look, and at each call, where it can be held.
 * DF2. Hidden text in a definition gates every call of its tool, until another definition is approved.
 */
import type { FindingDraft } from '@countersign/contracts';
import type { CompiledPolicy, ToolDefinition } from '@countersign/policy';
import { checkDefinition, type OtherTool } from './definition-checks.js';
import { spanEvidence } from './evidence.js';
import { learnNames, type InjectionMemory } from './memory.js';
import { heldFor, listDefinition, type Listed, type Pin } from './pins.js';
import type { WordDiff } from './word-diff.js';

const definitionsMax = 1_024;
const listFindingsMax = 256;

export interface ListScene {
  readonly observationId: string;
  readonly server: string;
  readonly session: string;
  readonly memory: InjectionMemory;
}

/** @param payload the result of `tools/list`; anything else gives no findings. */
export function listFindings(payload: unknown, scene: ListScene): FindingDraft[] {
  const definitions = definitionsOf(payload);
  for (const { name, inputSchema } of definitions) learnNames(scene.memory, name, inputSchema);
  const others = othersOf(scene.memory, definitions, scene.server);
  return definitions.flatMap((definition, n) => definitionFindings({ definition, path: `$.tools[${n}]`, others }, scene)).slice(0, listFindingsMax);
}

/** What a call must be told about its tool's pin. */
export function callFindings({ memory, server, session }: Omit<ListScene, 'observationId'>, tool: string, policy: CompiledPolicy): FindingDraft[] {
  const key = pinKey(server, tool);
  const pin = memory.pins.get(key);
  if (pin === undefined) return [{ kind: 'pin-absent', severity: 'info', sentence: `No definition of ${key} was seen, so none is pinned.` }];
  const findings: FindingDraft[] = [];
  const waiting = heldFor(pin, session);
  if (waiting !== undefined) findings.push(changedFinding(key, pin, { digest: waiting }));
  else if (policy.policy.pins.firstUse === 'step_up' && !pin.approved) findings.push(unapproved(key, pin));
  if (pin.hiddenText) findings.push({ kind: 'hidden-text', severity: 'high', gate: 'deny', sentence: `The definition of ${key} holds text that no reader would see.`, wouldPass: 'A definition without hidden text, approved by a person.' });
  if (pin.problems.length > 0) findings.push(suspicious(key, pin.problems));
  return findings;
}

interface DefinitionScene {
  readonly definition: ToolDefinition;
  readonly path: string;
  readonly others: readonly OtherTool[];
}

function definitionFindings({ definition, path, others }: DefinitionScene, scene: ListScene): FindingDraft[] {
  const key = pinKey(scene.server, definition.name);
  const listed = listDefinition(scene.memory.pins, { key, session: scene.session, definition });
  if (listed.outcome === 'same') return [];
  if (listed.outcome === 'full') return [{ kind: 'pin-absent', severity: 'medium', sentence: `The definition of ${key} was not pinned: the domain's table of pins is full.` }];
  const report = checkDefinition(definition, scene.server, others);
  const findings: FindingDraft[] = [pinFinding(key, listed, scene)];
  if (listed.outcome === 'first-seen') {
    listed.pin.problems.push(...report.problems);
    listed.pin.hiddenText = report.hidden.length > 0;
  }
  if (report.problems.length > 0) findings.push({ ...suspicious(key, report.problems), evidence: [{ observationId: scene.observationId, path }] });
  const [hidden] = report.hidden;
  if (hidden !== undefined) {
    const { leaf, region } = hidden;
    const evidence = [{ note: region.kind, ...spanEvidence({ observationId: scene.observationId, leaf: { ...leaf, path: `${path}${leaf.path.slice(1)}` }, start: region.start, end: region.end, text: region.text }) }];
    findings.push({ kind: 'hidden-text', severity: 'high', gate: 'deny', sentence: `The definition of ${key} holds text that no reader would see (${region.kind}).`, evidence });
  }
  return findings;
}

function pinFinding(key: string, listed: Exclude<Listed, { outcome: 'same' | 'full' }>, { observationId }: ListScene): FindingDraft {
  if (listed.outcome === 'changed') return { ...changedFinding(key, listed.pin, listed), evidence: [{ observationId, note: listed.digest }, { note: `pinned ${listed.pin.digest}` }] };
  return { kind: 'pin-first-seen', severity: 'info', sentence: `The definition of ${key} was seen for the first time and is now pinned.`, evidence: [{ observationId, note: listed.pin.digest }] };
}

function changedFinding(key: string, pin: Pin, { digest, diff }: { digest: string; diff?: WordDiff }): FindingDraft {
  const words = diff ?? pin.diff ?? { removed: '', added: '' };
  return {
    kind: 'pin-changed',
    severity: 'high',
    gate: 'hold',
    sentence: `The definition of ${key} is not the one that was pinned. ${changeOf(words)}`.slice(0, 1000),
    wouldPass: `A person approves the new definition of ${key} (${digest.slice(0, 12)}).`.slice(0, 400),
    evidence: [{ note: digest }, { note: `pinned ${pin.digest}` }],
  };
}

function changeOf({ removed, added }: WordDiff): string {
  const parts = [added && `Added: "${added.slice(0, 400)}".`, removed && `Removed: "${removed.slice(0, 200)}".`].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(' ') : 'Only its order or what lies beyond the kept text changed.';
}

function unapproved(key: string, pin: Pin): FindingDraft {
  return { kind: 'pin-unapproved', severity: 'medium', gate: 'hold', sentence: `Nobody approved the definition of ${key} yet, and the policy accepts none on first use.`, wouldPass: `A person approves the pin ${pin.digest.slice(0, 12)}.`, evidence: [{ note: pin.digest }] };
}

function suspicious(key: string, problems: readonly string[]): FindingDraft {
  return { kind: 'definition-suspicious', severity: 'high', sentence: `The definition of ${key} reaches beyond its tool. ${problems.join(' ')}`.slice(0, 1000), features: { problems: problems.length } };
}

export function pinKey(server: string, tool: string): string {
  return `${server}/${tool}`;
}

function othersOf({ pins }: InjectionMemory, definitions: readonly ToolDefinition[], server: string): OtherTool[] {
  const known = [...pins.keys()].map((key) => ({ server: key.slice(0, key.indexOf('/')), tool: key.slice(key.indexOf('/') + 1) }));
  return [...known, ...definitions.map(({ name }) => ({ server, tool: name }))];
}

/** Only what has a name is a definition; the rest of the list is left to the client to refuse. */
export function definitionsOf(payload: unknown): ToolDefinition[] {
  const tools = typeof payload === 'object' && payload !== null ? (payload as { tools?: unknown }).tools : undefined;
  if (!Array.isArray(tools)) return [];
  const definitions: ToolDefinition[] = [];
  for (const tool of tools.slice(0, definitionsMax) as unknown[]) {
    if (typeof tool !== 'object' || tool === null) continue;
    const { name, description, inputSchema, outputSchema, annotations } = tool as Record<string, unknown>;
    if (typeof name !== 'string') continue;
    definitions.push({ name: name.slice(0, 512), ...(typeof description === 'string' && { description }), inputSchema, outputSchema, annotations });
  }
  return definitions;
}
