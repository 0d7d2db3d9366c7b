/**
 * One text an agent wrote or read, with its origin.
 * DO1. What a text holds (`content`) is worked out when it is first asked for: many arguments never are.
 */
import { rawSpan, type Leaf } from './leaves.js';
import { tokensOf } from './text.js';
import type { Content } from './content.js';
import type { Vocabulary } from './vocabulary.js';
import type { Evidence } from '@countersign/contracts';

export type DocumentKind = 'result' | 'argument' | 'resource' | 'prompt' | 'task';

export interface Origin {
  readonly seq: number;
  readonly kind: DocumentKind;
  readonly observationId: string;
  readonly callId: string | undefined;
  readonly server: string;
  /** Tool name, resource method, or `task`. */
  readonly tool: string;
  readonly agent: string;
  /** Falls when the source is condemned. */
  trusted: boolean;
  /** Names of the restricting labels that some leaf carries; by leaf ordinal. */
  readonly labels: Map<number, readonly string[]>;
  /** Arguments of a call that changes or sends something. */
  readonly writes?: boolean;
  /** Path, and which leaf at that path: the leaves kept here, when the text was divided by trust. */
  readonly kept?: readonly (readonly [string, number])[];
}

export interface Span {
  readonly leaf: number;
  readonly start: number;
  readonly end: number;
}

export class Document {
  readonly chars: number;
  #content: Content | undefined;

  /** @param make cuts the text up, when somebody asks what it holds. */
  constructor(readonly origin: Origin, readonly leaves: readonly Leaf[], private readonly make: (leaves: readonly Leaf[]) => Content) {
    this.chars = leaves.reduce((sum, { text }) => sum + text.length + 1, 0);
  }

  get content(): Content {
    this.#content ??= this.make(this.leaves);
    return this.#content;
  }

  /** The content if it was ever asked for; to see what is in use without making it. */
  get made(): Content | undefined {
    return this.#content;
  }

  /** What it takes in memory; a guess while it is not cut up. */
  get bytes(): number {
    return this.#content?.bytes ?? this.chars + this.leaves.length * 112;
  }
}

const evidenceCharsMax = 240;

/** A quotable span: `text` is exactly what stands at `path` between `start` and `end` in the observation's payload. */
export function evidenceOf(document: Document, span: Span, note: string): Evidence {
  const leaf = document.leaves[span.leaf];
  const { observationId } = document.origin;
  if (leaf === undefined) return { observationId, note };
  const raw = rawSpan(leaf, span.start, span.end);
  const end = Math.min(raw.end, raw.start + evidenceCharsMax);
  return { observationId, path: leaf.path, start: raw.start, end, text: leaf.raw.slice(raw.start, end), note: note.slice(0, 400) };
}

/** First place of a token, or undefined. */
export function placeOfToken({ content }: Document, id: number, vocabulary: Vocabulary): Span | undefined {
  const ordinal = content.find(id);
  if (ordinal < 0) return undefined;
  const unit = content.unitAt(content.unitOf(ordinal, 0));
  const key = vocabulary.keyOf(id);
  const token = tokensOf(content.textOf(unit)).find((candidate) => candidate.key === key);
  return token === undefined ? undefined : { leaf: unit.leaf, start: unit.start + token.start, end: unit.start + token.end };
}

/** First place of a folded needle in a folded text, whole words only, or -1. */
export function placeOf(text: string, needle: string): number {
  if (needle === '') return -1;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) if (isWhole(text, at, at + needle.length)) return at;
  return -1;
}

function isWhole(text: string, start: number, end: number): boolean {
  return !isWordAt(text, start - 1, text[start]) && !isWordAt(text, end, text[end - 1]);
}

function isWordAt(text: string, at: number, inside: string | undefined): boolean {
  const outside = text[at];
  return outside !== undefined && inside !== undefined && /[\p{L}\p{N}]/u.test(outside) && /[\p{L}\p{N}]/u.test(inside);
}
