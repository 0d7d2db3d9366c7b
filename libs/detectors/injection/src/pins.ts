/**
 * Pins: the definition of a tool that people or first use accepted, and whether what is listed now is still it.
 * PN1. A changed definition is pending until a person approves it or its session sees the accepted one again; meanwhile its calls are held.
 * PN2. A session that was shown the accepted definition after the change is not held; one that was shown nothing is.
 *      So a server cannot show one agent the old text to free another that read the new one.
 * PN3. Bounded: `pinsMax` pins, `definitionCharactersMax` of text each, kept only for the diff; the digest is always kept.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, type ToolDefinition } from '@countersign/policy';
import { wordDiff, type WordDiff } from './word-diff.js';

export const pinsMax = 4_096;
const definitionCharactersMax = 4_096;
const sessionsMax = 512;

export interface Pin {
  digest: string;
  text: string;
  /** Did a person approve it, or was it accepted on first use? */
  approved: boolean;
  /** Sentences about what is wrong with the definition itself; at most 4. */
  readonly problems: string[];
  hiddenText: boolean;
  /** From the accepted definition to the pending one. */
  diff?: WordDiff;
  pending?: Pending;
}

export interface Pending {
  digest: string;
  text: string;
  /** Sessions that read the changed definition. */
  readonly read: string[];
  /** Sessions that were shown the accepted one since. */
  readonly cleared: string[];
}

export type Listed =
  | { readonly outcome: 'first-seen' | 'same'; readonly pin: Pin }
  | { readonly outcome: 'changed'; readonly pin: Pin; readonly diff: WordDiff; readonly digest: string }
  | { readonly outcome: 'full' };

/** SHA-256, hex, over the canonical JSON of the members a model or a client acts on. */
export function pinDigest(definition: ToolDefinition): string {
  return createHash('sha256').update(pinnedText(definition)).digest('hex');
}

/** What people read in a diff: the description as prose first, the rest as JSON. */
function shownText({ name, description, inputSchema, outputSchema, annotations }: ToolDefinition): string {
  const rest = pinnedText({ name, inputSchema, outputSchema, annotations });
  return `${description ?? ''}\n${rest.replaceAll(/([,{[])/g, '$1 ')}`.slice(0, definitionCharactersMax);
}

function pinnedText({ name, description, inputSchema, outputSchema, annotations }: ToolDefinition): string {
  try {
    return canonicalJson({ name, description, inputSchema, outputSchema, annotations });
  } catch {
    // Nesting that exhausts the stack: any fixed text will do, as long as it cannot equal an ordinary definition's.
    return `too deep to pin: ${name}`;
  }
}

export function listDefinition(pins: Map<string, Pin>, { key, session, definition }: { key: string; session: string; definition: ToolDefinition }): Listed {
  const text = shownText(definition);
  const digest = pinDigest(definition);
  const known = pins.get(key);
  if (known === undefined) {
    if (pins.size >= pinsMax) return { outcome: 'full' };
    const pin: Pin = { digest, text, approved: false, problems: [], hiddenText: false };
    pins.set(key, pin);
    return { outcome: 'first-seen', pin };
  }
  if (known.digest === digest) {
    clear(known, session);
    return { outcome: 'same', pin: known };
  }
  return { outcome: 'changed', pin: known, digest, diff: markPending(known, { digest, text, session }) };
}

/** @returns the digest that waits for approval, when calls of this session must wait for it. */
export function heldFor(pin: Pin, session: string): string | undefined {
  const { pending } = pin;
  if (pending === undefined || (pending.cleared.includes(session) && !pending.read.includes(session))) return undefined;
  return pending.digest;
}

export function approve(pin: Pin, digest: string): void {
  if (pin.pending?.digest === digest) {
    pin.digest = digest;
    pin.text = pin.pending.text;
    delete pin.pending;
    delete pin.diff;
    pin.problems.length = 0;
    pin.hiddenText = false;
  }
  if (pin.digest === digest) pin.approved = true;
}

function markPending(pin: Pin, { digest, text, session }: { digest: string; text: string; session: string }): WordDiff {
  const pending = pin.pending ?? { digest, text, read: [], cleared: [] };
  pending.digest = digest;
  pending.text = text;
  remember(pending.read, session);
  forget(pending.cleared, session);
  pin.pending = pending;
  pin.diff = wordDiff(pin.text, text);
  return pin.diff;
}

function clear({ pending }: Pin, session: string): void {
  if (pending === undefined) return;
  forget(pending.read, session);
  remember(pending.cleared, session);
}

function remember(sessions: string[], session: string): void {
  if (sessions.includes(session)) return;
  sessions.push(session);
  if (sessions.length > sessionsMax) sessions.shift();
}

function forget(sessions: string[], session: string): void {
  const at = sessions.indexOf(session);
  if (at >= 0) sessions.splice(at, 1);
}
