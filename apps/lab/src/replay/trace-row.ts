/**
 * One row of a traces file → a run that can be replayed, or a sentence that says why not.
 * TR1. Only `id`, `calls` and each call's `tool` are required; what else is missing has a stated default.
 * TR2. Labels (`kind`, `crit`, `exposed`, …) are never read here: replay must not know which run is an attack.
 */
import type { TextStore } from './text-store.js';

export interface ReplayCall {
  /** Calls of one turn are asked before any of them is answered. Default: each call is a turn. */
  readonly turn: number;
  readonly tool: string;
  readonly args: unknown;
  readonly resultText: string;
  readonly isError: boolean;
}

export interface ReplayTrace {
  readonly id: string;
  /** Names agent and server; `suite`, else `bench`, else `unnamed`. */
  readonly suite: string;
  readonly model: string;
  /** What the user said, with the number of calls after which it was said; oldest first. */
  readonly said: readonly { readonly afterCalls: number; readonly text: string }[];
  readonly calls: readonly ReplayCall[];
  /** Calls whose result id no text is known for; their result counts as empty. */
  readonly textsMissing: number;
}

export const callsMax = 10_000;

export function traceOf(value: unknown, texts: TextStore): ReplayTrace | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'A trace is an object; the row was passed over.';
  const row = value as Record<string, unknown>;
  if (typeof row['id'] !== 'string' || row['id'] === '') return 'The trace has no `id` (a string); it was passed over.';
  if (!Array.isArray(row['calls'])) return `Trace ${row['id'].slice(0, 200)} has no list \`calls\`; it was passed over.`;
  if (row['calls'].length > callsMax) return `Trace ${row['id'].slice(0, 200)} has more than ${callsMax} calls; it was passed over.`;
  const calls: ReplayCall[] = [];
  let textsMissing = 0;
  for (const [at, raw] of (row['calls'] as readonly unknown[]).entries()) {
    const call = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
    if (typeof call['tool'] !== 'string' || call['tool'] === '') return `Call ${at} of trace ${row['id'].slice(0, 200)} has no \`tool\` (a string); the trace was passed over.`;
    const text = resultOf(call, texts);
    if (text === undefined) textsMissing += 1;
    calls.push({ turn: typeof call['turn'] === 'number' ? call['turn'] : at, tool: call['tool'].slice(0, 512), args: call['args'] ?? {}, resultText: text ?? '', isError: (call['error'] ?? null) !== null && call['error'] !== false });
  }
  const suite = named(row['suite']) ?? named(row['bench']) ?? 'unnamed';
  return { id: row['id'], suite, model: named(row['model']) ?? 'unknown', said: saidIn(row), calls, textsMissing };
}

/** An error's text is what the agent read. */
function resultOf(call: Record<string, unknown>, texts: TextStore): string | undefined {
  if (typeof call['error'] === 'string') return call['error'];
  if (typeof call['result_text'] === 'string') return call['result_text'];
  if (typeof call['result'] === 'string') return texts.textOf(call['result']);
  return (call['result'] ?? null) === null ? '' : JSON.stringify(call['result']);
}

function named(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 64) : undefined;
}

function saidIn(row: Record<string, unknown>): ReplayTrace['said'] {
  const said: { afterCalls: number; text: string }[] = [];
  if (typeof row['prompt'] === 'string') said.push({ afterCalls: 0, text: row['prompt'] });
  for (const turn of Array.isArray(row['user_turns']) ? (row['user_turns'] as readonly unknown[]) : []) {
    const { after_calls: after, text } = (turn ?? {}) as { after_calls?: unknown; text?: unknown };
    if (typeof text === 'string') said.push({ afterCalls: typeof after === 'number' ? after : 0, text });
  }
  return said;
}
