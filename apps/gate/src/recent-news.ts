/**
 * What was pushed lately, for a tap that was away for a moment: it may still hold the call.
 * RN1. A verdict is kept for a minute (no hold is longer), a decision for fifteen (no ticket lives longer).
 * RN2. At most `newsMax` of each kind; the oldest go first, and no flood of verdicts drives out a decision.
 * RN3. A tap may be told twice; verdicts and grants carry what makes that harmless.
 */
const newsMaxDefault = 10_000;
const keptMs = { verdict: 60_000, decision: 15 * 60_000 } as const;

/** A verdict or a decision on its way to a tap. */
export interface NewsFrame {
  readonly type: 'verdict' | 'decision';
  /** Of the record, ISO 8601. */
  readonly at: string;
  /** The frame as it is sent: one line of JSON, without its newline. */
  readonly line: string;
}

export interface RecentNews {
  /** @param nowMs wall clock. @returns false when the record is older than anyone could still wait for; it is then not kept. */
  add(tapId: string, frame: NewsFrame, nowMs: number): boolean;
  /** Verdicts first, each kind in the order it was added. */
  of(tapId: string, nowMs: number): readonly NewsFrame[];
}

interface Item {
  readonly tapId: string;
  readonly frame: NewsFrame;
}

export function createRecentNews(newsMax = newsMaxDefault): RecentNews {
  // In the order of adding. A tap's own are few among them, and taps connect rarely.
  const kept = { verdict: new Set<Item>(), decision: new Set<Item>() } as const;
  return {
    add(tapId, frame, nowMs) {
      if (!isRecent(frame, nowMs)) return false;
      const items = kept[frame.type];
      items.add({ tapId, frame });
      for (const item of items) {
        if (items.size <= newsMax && isRecent(item.frame, nowMs)) break;
        items.delete(item);
      }
      return true;
    },
    of: (tapId, nowMs) => [...kept.verdict, ...kept.decision].filter((item) => item.tapId === tapId && isRecent(item.frame, nowMs)).map(({ frame }) => frame),
  };
}

function isRecent(frame: NewsFrame, nowMs: number): boolean {
  return nowMs - Date.parse(frame.at) <= keptMs[frame.type];
}
