/**
 * What a person sees of a stepped-up call, as fields.
 * CA1. Pure: the same call and facts give the same fields, and `displayDigest` is SHA-256 over their canonical JSON (P9).
 * CA2. Sentences are this file's; an agent's or server's words appear only as values, escaped (`visible-text`).
 * CA3. What cannot be shown is called uninspectable, what does not fit is counted; for `critical` an uninspectable call cannot be approved.
 * Does not know: time left, votes, who looks. Those change while the digest must not.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@countersign/policy/runtime';
import type { Approval } from './approval.js';
import { argumentLeaves, type ArgumentKind } from './argument-leaves.js';
import { hasMixedScripts, visibleText } from './visible-text.js';

export interface CardArgument {
  /** JSON path in the arguments, escaped. */
  readonly path: string;
  readonly kind: ArgumentKind;
  readonly text: string;
  readonly hiddenBytes: number;
}

export interface Card {
  readonly sentence: string;
  readonly server: string;
  readonly tool: string;
  readonly agent: string;
  readonly role: string;
  readonly session: string;
  readonly tier: Approval['tier'];
  readonly impact: Approval['impact'];
  /** For people: what happens if this was wrong. */
  readonly reversible: 'yes' | 'unlikely' | 'no';
  readonly arguments: readonly CardArgument[];
  /** Arguments beyond the first 200. */
  readonly argumentsHidden: number;
  readonly uninspectable: boolean;
  readonly why: readonly { readonly code: string; readonly text: string }[];
  readonly origins: readonly { readonly argument: string; readonly origin: string; readonly untrusted: boolean }[];
  /** Things about the call's own spelling a reader should know; empty most of the time. */
  readonly warnings: readonly string[];
  readonly quorum: number;
  readonly groups: readonly string[];
  readonly policyVersion: string;
  /** First eight digits of the action digest; the same in the grant. */
  readonly digestShown: string;
}

/** Everything the card is made of; an `Approval` without what changes during its life. */
export type CardFacts = Pick<
  Approval,
  'agent' | 'session' | 'server' | 'tool' | 'tier' | 'impact' | 'argumentsJson' | 'actionDigest' | 'reasons' | 'origins' | 'policyVersion' | 'quorum' | 'groups'
>;

const argumentsShownMax = 200;
const nameCharactersMax = 200;
const doing = { read: 'read with', write: 'change something with', egress: 'send something out with', irreversible: 'do something that cannot be undone with' } as const;
const reversible = { read: 'yes', write: 'yes', egress: 'unlikely', irreversible: 'no' } as const;

export function renderCard(facts: CardFacts): Card {
  const name = (text: string) => visibleText(text, nameCharactersMax).text;
  const leaves = argumentLeaves(facts.argumentsJson);
  const shown = (leaves ?? []).slice(0, argumentsShownMax).map(({ path, kind, text }) => ({ path: visibleText(path, nameCharactersMax), kind, value: visibleText(text) }));
  return {
    sentence: `Agent "${name(facts.agent.name)}" (${name(facts.agent.role)}) wants to ${doing[facts.impact]} ${name(facts.server)}/${name(facts.tool)}.`,
    server: name(facts.server), tool: name(facts.tool), agent: name(facts.agent.name), role: name(facts.agent.role), session: name(facts.session),
    tier: facts.tier, impact: facts.impact, reversible: reversible[facts.impact],
    arguments: shown.map(({ path, kind, value }) => ({ path: path.text, kind, text: value.text, hiddenBytes: value.hiddenBytes })),
    argumentsHidden: Math.max(0, (leaves?.length ?? 0) - argumentsShownMax),
    uninspectable: leaves === undefined,
    why: facts.reasons.map(({ code, text }) => ({ code, text: visibleText(text, 1_200).text })),
    origins: facts.origins.map(({ argument, origin, untrusted }) => ({ argument: name(argument), origin: visibleText(origin, 400).text, untrusted })),
    warnings: warningsOf(facts, shown.reduce((sum, { path, value }) => sum + path.escaped + value.escaped, 0)),
    quorum: facts.quorum, groups: facts.groups.map(name), policyVersion: name(facts.policyVersion), digestShown: facts.actionDigest.slice(0, 8),
  };
}

/** SHA-256 over the canonical JSON of exactly the fields shown; hex. What a person's vote and the grant name. */
export function displayDigestOf(card: Card): string {
  return createHash('sha256').update(canonicalJson(card)).digest('hex');
}

function warningsOf(facts: CardFacts, escaped: number): readonly string[] {
  return [
    ...[facts.server, facts.tool, facts.agent.name].filter(hasMixedScripts).map((text) => `The name "${visibleText(text, nameCharactersMax).text}" mixes letters of different scripts that look alike.`),
    ...(escaped === 0 ? [] : [`${escaped} characters of the arguments cannot be seen; they are shown as ⟦U+XXXX⟧.`]),
  ];
}
