/**
 * Is it still the same agent? Shiryaev–Roberts over sessions: M ← (M + 1) · e, alarm when the total reaches A.
 * DW1. Total = ½ (M of the measures + mean over tools of M of that tool's presence). Without a change each part grows by
 *      at most 1 a session in expectation, so the nominal time to a false alarm is A sessions; see RF3 for why it is not exact.
 * DW2. A tool's presence is judged against an upper bound of its share when it is there, and a lower one when it is not;
 *      tools the reference never saw count together as one.
 * DW3. Pure and bounded: one number per reference tool. Sessions are taken in their order, each once.
 */
import { measureEvidence, type MeasureEvidence, type Reference } from './reference.js';
import type { SessionStatistics } from './session-statistics.js';

/** Forgetting of the plug-in rate: about the last ten sessions count. */
const decay = 0.9;
const statisticMax = 1e300;
const unfamiliar = '(unfamiliar)';

interface ToolState {
  readonly m: number;
  /** Decayed count of sessions that used the tool, and of all sessions. */
  readonly used: number;
  readonly seen: number;
}

export interface DriftState {
  readonly sessions: number;
  readonly m: number;
  readonly tools: Readonly<Record<string, ToolState>>;
}

export interface DriftStep {
  readonly state: DriftState;
  /** To compare with the alarm threshold A. */
  readonly statistic: number;
  readonly evidence: readonly MeasureEvidence[];
  /** The tools that carry most of the statistic, at most 3, largest first. */
  readonly tools: readonly { readonly tool: string; readonly share: number; readonly m: number }[];
}

export const noDrift: DriftState = { sessions: 0, m: 0, tools: {} };

export function watchSession(reference: Reference, state: DriftState, session: SessionStatistics): DriftStep {
  const evidence = measureEvidence(reference, session);
  const e = evidence.length === 0 ? 1 : evidence.reduce((sum, { e: one }) => sum + one, 0) / evidence.length;
  const names = [...Object.keys(reference.tools), unfamiliar];
  const used = new Set(session.tools.map((tool) => (Object.hasOwn(reference.tools, tool) ? tool : unfamiliar)));
  const tools: Record<string, ToolState> = {};
  for (const name of names) tools[name] = watchTool(state.tools[name] ?? { m: 0, used: 0, seen: 0 }, { isUsed: used.has(name), share: reference.tools[name] ?? 0, sessions: reference.sessions });
  const m = grown(state.m, e);
  const statistic = Math.min(statisticMax, (m + names.reduce((sum, name) => sum + (tools[name]?.m ?? 0), 0) / names.length) / 2);
  const carrying = names.map((tool) => ({ tool, share: reference.tools[tool] ?? 0, m: tools[tool]?.m ?? 0 })).sort((a, b) => b.m - a.m).slice(0, 3);
  return { state: { sessions: state.sessions + 1, m, tools }, statistic, evidence, tools: carrying };
}

function watchTool(state: ToolState, { isUsed, share, sessions }: { isUsed: boolean; share: number; sessions: number }): ToolState {
  const slack = 1.64 * Math.sqrt((share * (1 - share)) / sessions) + 0.5 / sessions;
  // The rate is predicted from earlier sessions only; that keeps the ratio's expectation at most 1.
  const rate = (state.used + 0.5) / (state.seen + 1);
  const ratio = isUsed ? rate / Math.min(1, share + slack) : (1 - rate) / (1 - Math.max(0, share - slack));
  return { m: grown(state.m, ratio), used: decay * state.used + (isUsed ? 1 : 0), seen: decay * state.seen + 1 };
}

function grown(m: number, e: number): number {
  return Math.min(statisticMax, (m + 1) * e);
}
