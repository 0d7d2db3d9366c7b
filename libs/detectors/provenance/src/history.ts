/**
 * What an agent did in sessions without alarm: tools, values, entities. Feeds the `new to this agent` features.
 * HI1. Sets are bounded; when one is full nothing is added, so `new` may be said too often, never too rarely.
 */
const toolsMax = 1_024;
const valuesMax = 20_000;
const entitiesMax = 20_000;
const scoresMax = 512;

/** One call, as history keeps it. */
export interface Lesson {
  readonly tool: string;
  readonly values: readonly string[];
  readonly entities: readonly string[];
}

export interface History {
  sessions: number;
  calls: number;
  readonly tools: Map<string, number>;
  /** `tool\0path\0value` of short values. */
  readonly values: Set<string>;
  readonly entities: Set<string>;
  /** Highest score of each of the latest benign sessions, oldest first. */
  readonly sessionScores: number[];
}

export function emptyHistory(): History {
  return { sessions: 0, calls: 0, tools: new Map(), values: new Set(), entities: new Set(), sessionScores: [] };
}

/** Learns one finished session. `read`: entities in fields it read; `score`: the highest score one of its calls had. */
export function learn(history: History, session: { lessons: readonly Lesson[]; read: readonly string[]; score: number }): void {
  const { lessons, read, score } = session;
  history.sessions += 1;
  history.calls += lessons.length;
  for (const lesson of lessons) {
    if (history.tools.size < toolsMax || history.tools.has(lesson.tool)) history.tools.set(lesson.tool, (history.tools.get(lesson.tool) ?? 0) + 1);
    for (const value of lesson.values) if (history.values.size < valuesMax) history.values.add(value);
    for (const entity of lesson.entities) if (history.entities.size < entitiesMax) history.entities.add(entity);
  }
  for (const entity of read) if (history.entities.size < entitiesMax) history.entities.add(entity);
  if (!Number.isFinite(score)) return;
  history.sessionScores.push(score);
  if (history.sessionScores.length > scoresMax) history.sessionScores.shift();
}

/**
 * Conformal p-value of a score against the highest scores of this agent's own benign sessions; never below 1/(n + 1).
 * Assumes this session is exchangeable with them: at most a share α of benign sessions then see a p-value ≤ α.
 */
export function pValueOf(history: History, score: number): number {
  const atLeast = history.sessionScores.reduce((count, known) => count + (known >= score ? 1 : 0), 0);
  return (1 + atLeast) / (history.sessionScores.length + 1);
}
