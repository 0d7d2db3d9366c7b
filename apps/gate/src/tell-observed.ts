/**
 * What taps report, as the gate's telemetry: a tap has no metrics of its own, and what it does must be countable.
 * TO1. Told when the ledger has it. What a tap sends again after a lost acknowledgement is told again: metrics count, the ledger is exact.
 * TO2. Messages are told by kind and number, a frame at a time: a busy tap costs a few events, not one for each message.
 */
import type { Observation } from '@countersign/contracts';
import type { LedgerRecord, Telemetry } from '@countersign/pipeline';

export function tellObserved(records: readonly LedgerRecord[], telemetry: Telemetry): void {
  const messages = new Map<string, { readonly first: Observation; count: number }>();
  for (const { parsed } of records) {
    const observation = parsed as Observation | undefined;
    if (observation === undefined) continue;
    if (observation.kind !== 'message') tellNote(observation, telemetry);
    else if (observation.message !== undefined) {
      const { direction, transport, era, message } = observation;
      const kind = `${direction} ${transport} ${era} ${message.shape}`;
      const known = messages.get(kind);
      if (known === undefined) messages.set(kind, { first: observation, count: 1 });
      else known.count += 1;
    }
  }
  for (const { first, count } of messages.values()) {
    const { direction, transport, era, message } = first;
    telemetry({ event: 'MessagesObserved', level: 'debug', message: 'Messages that passed taps are in the ledger.', fields: { direction, transport, era, shape: message?.shape ?? '', count } });
  }
}

/** A tap writes notes as it likes: what is of another kind is left out, and its row changes nothing. */
function tellNote({ kind, note = {} }: Observation, telemetry: Telemetry): void {
  const { end, phase, tier, heldMs } = note;
  if (kind === 'held-ended') {
    const seconds = typeof heldMs === 'number' && heldMs >= 0 ? { heldSeconds: heldMs / 1_000 } : {};
    telemetry({ event: 'HoldEnded', level: 'debug', message: 'A tap let go of a call it held.', fields: { end: wordOf(end), phase: wordOf(phase), ...seconds } });
  } else if (kind === 'fail-open') {
    telemetry({ event: 'FailOpenTaken', level: 'warn', message: 'A call went on without its verdict, because its rule allows that.', fields: { tier: wordOf(tier), phase: wordOf(phase) } });
  } else if (kind === 'grant-consumed') {
    telemetry({ event: 'GrantConsumed', level: 'info', message: 'An approval was used, once; its call was sent.' });
  } else if (kind === 'call-lost') {
    telemetry({ event: 'CallLost', level: 'info', message: 'A request will never be answered.' });
  }
}

function wordOf(value: unknown): string {
  return typeof value === 'string' && /^[a-z-]{1,32}$/.test(value) ? value : 'other';
}
