/**
 * Verdicts and decisions on their way from the ledger to a tap.
 * NE1. Only the gate's own domain, and only records that name a tap.
 * NE2. Starts a little before the ledger's end, so that what was written while the gate restarted is still told.
 * NE3. A record that cannot be read is counted and passed over here; whoever keeps history sets its bytes aside.
 */
import { parseRecord, TerminalError, type Clock, type EventLog, type StoredRecord, type Telemetry } from '@countersign/pipeline';
import type { NewsFrame } from './recent-news.js';

const beforeEnd = 1_000;

export interface NewsOptions {
  readonly eventLog: EventLog;
  readonly domain: string;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Of this gate process alone: every gate must see everything. */
  readonly group: string;
  readonly push: (tapId: string, frame: NewsFrame) => void;
}

/** @returns a function that stops the following. */
export async function followNews(options: NewsOptions): Promise<() => Promise<void>> {
  const { eventLog, group } = options;
  const handle = async (batch: readonly StoredRecord[]): Promise<void> => batch.forEach((record) => tell(record, options));
  const verdicts = await eventLog.follow('verdicts', { group, from: { beforeEnd } }, handle);
  const decisions = await eventLog.follow('decisions', { group, from: { beforeEnd } }, handle);
  return async () => {
    await verdicts.stop();
    await decisions.stop();
  };
}

function tell(record: StoredRecord, { domain, push, telemetry }: NewsOptions): void {
  if (record.key !== domain) return;
  try {
    const { tapId, frame } = newsOf(record);
    if (tapId !== undefined) push(tapId, frame);
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    telemetry({ event: 'NewsUnreadable', level: 'error', message: `The gate could not read a record to push: ${error.message} A tap that waits for it will take its rule's answer at its deadline.`, fields: { topic: record.topic, errorClass: error.errorClass } });
  }
}

function newsOf(record: StoredRecord): { readonly tapId: string | undefined; readonly frame: NewsFrame } {
  if (record.topic === 'verdicts') {
    const verdict = parseRecord('verdicts', record);
    return { tapId: verdict.tapId, frame: { type: 'verdict', at: verdict.at, line: `{"type":"verdict","verdict":${onOneLine(record, verdict)}}` } };
  }
  const decision = parseRecord('decisions', record);
  return { tapId: decision.tapId, frame: { type: 'decision', at: decision.at, line: `{"type":"decision","decision":${onOneLine(record, decision)}}` } };
}

/** A record's own text, which was just read; a writer that breaks lines would break frames. */
function onOneLine({ value }: StoredRecord, parsed: object): string {
  return value.includes('\n') ? JSON.stringify(parsed) : value;
}
