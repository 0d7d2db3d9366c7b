/**
 * What is wrong with a tool's definition on the day it is first seen, when there is no older one to compare with.
 * DC1. Deterministic; each problem is a sentence naming what it saw.
 * DC2. Ordinary definitions give orders to a model all the time; only orders that reach beyond the tool count.
 */
import type { ToolDefinition } from '@countersign/policy';
import { hiddenIn, type HiddenRegion } from './hidden.js';
import { leavesOf, type Leaf } from './leaves.js';
import { plainText } from './plain.js';

export interface DefinitionReport {
  readonly problems: readonly string[];
  readonly hidden: readonly HiddenPlace[];
}

export interface HiddenPlace {
  readonly leaf: Leaf;
  readonly region: HiddenRegion;
}

export interface OtherTool {
  readonly server: string;
  readonly tool: string;
}

const secretPaths = /(?:~|\$home|%userprofile%|\/home\/\w+|\/root)?[\\/]?\.(?:ssh|aws|gnupg|kube|docker)[\\/]|\bid_(?:rsa|ed25519)\b|\/etc\/(?:passwd|shadow)\b|\.(?:netrc|pgpass|npmrc)\b|\bmcp\.json\b|\bwallet\.dat\b/i;
const secrecy = /\b(?:do not|don't|dont|never|without|must not|avoid)\b[^.\n]{0,24}\b(?:tell|tells|telling|mention|mentioning|inform|informing|notify|notifying|reveal|revealing|show|showing|alert|alerting)\b[^.\n]{0,24}\b(?:user|users|human|person|anyone|them|him|her)\b/i;
const everyTool = /\b(?:before|after|when|whenever)\b[^.\n]{0,24}\b(?:using|calling|call|use|invoking|running)\b[^.\n]{0,16}\b(?:any|every|each|all)\b[^.\n]{0,12}\b(?:other )?(?:tool|tools|function|functions)\b/i;
const problemsMax = 4;

/** @param others the domain's other tools, for cross references and look-alikes. */
export function checkDefinition(definition: ToolDefinition, server: string, others: readonly OtherTool[]): DefinitionReport {
  const { leaves } = leavesOf({ name: definition.name, description: definition.description, inputSchema: definition.inputSchema, outputSchema: definition.outputSchema, annotations: definition.annotations });
  const hidden = leaves.flatMap((leaf) => hiddenIn(leaf.text).filter((region) => region.certain).map((region) => ({ leaf, region })));
  const text = plainText(leaves.map((leaf) => leaf.text).join('\n').slice(0, 64 * 1024));
  const problems = [
    match(text, secretPaths, 'It names a file that holds secrets'),
    match(text, secrecy, 'It asks for something to be kept from people'),
    match(text, everyTool, 'It wants a say in the use of every other tool'),
    ...crossReferences(text, server, others),
    lookAlike(definition.name, server, others),
  ].filter((problem) => problem !== undefined);
  return { problems: problems.slice(0, problemsMax), hidden };
}

function match(text: string, pattern: RegExp, sentence: string): string | undefined {
  const found = pattern.exec(text);
  return found === null ? undefined : `${sentence}: "${found[0].trim().slice(0, 120)}".`;
}

/** A tool of another server named by an identifier that is no ordinary word. */
function crossReferences(text: string, server: string, others: readonly OtherTool[]): string[] {
  const named = new Set(text.match(/\b[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)+\b/g) ?? []);
  const own = new Set(others.filter((other) => other.server === server).map((other) => other.tool));
  return others
    .filter((other) => other.server !== server && named.has(other.tool) && !own.has(other.tool))
    .slice(0, 2)
    .map((other) => `It speaks of ${other.tool}, a tool of another server (${other.server}).`);
}

/** The same name in other letters, or a long name with one letter changed or two swapped, on another server. Plurals and versions are other names. */
function lookAlike(name: string, server: string, others: readonly OtherTool[]): string | undefined {
  const plain = skeletonOf(name);
  const twin = others.find((other) => other.server !== server && other.tool !== name && isLike(skeletonOf(other.tool), plain));
  return twin && `Its name looks like ${twin.tool} of server ${twin.server}.`;
}

const longNameMin = 9;

function isLike(left: string, right: string): boolean {
  if (left === right) return true;
  if (left.length !== right.length || left.length < longNameMin) return false;
  const differing = [...left].flatMap((letter, at) => (letter === right[at] ? [] : [at]));
  const [first = 0, second = 0] = differing;
  if (differing.length === 1) return /[a-z]/.test(left[first] ?? '') && /[a-z]/.test(right[first] ?? '');
  return differing.length === 2 && second === first + 1 && left[first] === right[second] && left[second] === right[first];
}

function skeletonOf(name: string): string {
  return plainText(name).toLowerCase().replace(/[_\-.\s]/g, '').replace(/0/g, 'o').replace(/[1|]/g, 'l').replace(/rn/g, 'm').replace(/vv/g, 'w');
}
