/**
 * What was pushed lately, for a tap that was away for a moment: it may still hold the call.
 * RN1. A verdict is kept for a minute (no hold is longer), a decision for fifteen (no ticket lives longer).
 * RN2. At most `newsMax` in all; the oldest go first.
 * RN3. A tap may be told twice; verdicts and grants carry what makes that harmless.
 */
import type { GateFrame } from '@countersign/contracts';

const verdictMsMax = 60_000;
const decisionMsMax = 15 * 60_000;
const newsMaxDefault = 10_000;

export type NewsFrame = Extract<GateFrame, { readonly type: 'verdict' | 'decision' }>;

export interface RecentNews {
  /** @param nowMs wall clock. @returns false when the record is older than anyone could still wait for; it is then not kept. */
  add(tapId: string, frame: NewsFrame, nowMs: number): boolean;
  /** In the order they were added. */
  of(tapId: string, nowMs: number): readonly NewsFrame[];
}

export function createRecentNews(newsMax = newsMaxDefault): RecentNews {
  // In the order of adding; a tap's own are few among them, and taps connect rarely.
  const news = new Set<{ readonly tapId: string; readonly frame: NewsFrame }>();
  return {
    add(tapId, frame, nowMs) {
      if (!isRecent(frame, nowMs)) return false;
      news.add({ tapId, frame });
      for (const entry of news) {
        if (news.size <= newsMax && isRecent(entry.frame, nowMs)) break;
        news.delete(entry);
      }
      return true;
    },
    of: (tapId, nowMs) => [...news].filter((entry) => entry.tapId === tapId && isRecent(entry.frame, nowMs)).map(({ frame }) => frame),
  };
}

function isRecent(frame: NewsFrame, nowMs: number): boolean {
  const ageMs = nowMs - Date.parse(frame.type === 'verdict' ? frame.verdict.at : frame.decision.at);
  return ageMs <= (frame.type === 'verdict' ? verdictMsMax : decisionMsMax);
}
