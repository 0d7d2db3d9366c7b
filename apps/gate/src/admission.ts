/**
 * What of a frame of observations enters the ledger, and up to where it may be acknowledged. Pure.
 * AD1. Domain and key are the gate's; what the payload says of its domain is overwritten.
 * AD2. A record speaks for the tap and the epoch of its frame, under its own id; another's is set aside.
 * AD3. A record that cannot be read becomes a dead letter and is acknowledged with the rest: the tap must not send it for ever.
 */
import { createHash } from 'node:crypto';
import { observationId, type DeadLetter, type Observation, type TapFrame } from '@countersign/contracts';
import { parseRecord, TerminalError, type LedgerRecord } from '@countersign/pipeline';

export type ObservationsFrame = Extract<TapFrame, { readonly type: 'observations' }>;

/** A payload is at most 256 KiB; the rest of an observation is small beside it, but escapes can double a payload. */
const recordCharsMax = 1024 * 1024;

export interface Sender {
  readonly tapId: string;
  readonly domain: string;
  /** The last seq of this epoch that this connection sent; undefined before the first. */
  readonly lastSeq: number | undefined;
  /** Wall clock. */
  readonly nowMs: number;
  /** Name and version, for dead letters. */
  readonly component: string;
}

export interface Admission {
  readonly observations: readonly LedgerRecord[];
  readonly deadLetters: readonly LedgerRecord[];
  /** The error class of each dead letter, for counting. */
  readonly errorClasses: readonly string[];
  /** Acknowledge up to here once all of the above is in the ledger; undefined when no record of the frame told its place. */
  readonly ackSeq: number | undefined;
}

export function admit(frame: ObservationsFrame, sender: Sender): Admission {
  const read = frame.records.map(readAtOnce);
  const seqs = seqsOf(read, sender.lastSeq);
  const observations: LedgerRecord[] = [];
  const letters: DeadLetter[] = [];
  let lastBefore: number | undefined;
  read.forEach(({ text, observation }, index) => {
    const seq = seqs[index];
    try {
      const place = { ...sender, epoch: frame.epoch, seq, lastBefore };
      observations.push(admitted(observation ?? parseRecord('observations', told(text, place)), text, place));
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      letters.push(letterOf({ text, epoch: frame.epoch, seq }, error, sender));
    }
    lastBefore = laterOf(lastBefore, seq);
  });
  return {
    observations,
    deadLetters: letters.map((letter) => ({ id: letter.id, key: sender.domain, value: JSON.stringify(letter) })),
    errorClasses: letters.map(({ errorClass }) => errorClass),
    // Never beyond what the tap told or must have sent: it trims its spool up to here.
    ackSeq: lastBefore,
  };
}

interface Place {
  readonly epoch: number;
  readonly seq: number | undefined;
}

interface Ordered extends Place {
  /** The last place among the records before it in its frame. */
  readonly lastBefore: number | undefined;
}

/** A record of a frame; one that cannot be read yet is read again once its place is known, for the sake of the sentence. */
interface ReadRecord {
  readonly text: string;
  readonly observation?: Observation;
}

function readAtOnce(text: string): ReadRecord {
  if (text.length > recordCharsMax) return { text };
  try {
    return { text, observation: parseRecord('observations', { id: '', value: text }) };
  } catch (error) {
    if (error instanceof TerminalError) return { text };
    throw error;
  }
}

/** @throws TerminalError when it is too long to be read. */
function told(text: string, place: Ordered & Sender): { readonly id: string; readonly value: string } {
  const id = idAt(place);
  if (text.length > recordCharsMax) throw new TerminalError('over-limit', `record ${id} has ${text.length} characters; the gate takes ${recordCharsMax}.`);
  return { id, value: text };
}

function admitted(observation: Observation, text: string, place: Ordered & Sender): LedgerRecord {
  const strange = strangenessOf(observation, place);
  if (strange !== undefined) throw new TerminalError('schema', `record ${idAt(place)} ${strange}.`);
  const { domain } = place;
  if (observation.domain === domain) return { id: observation.id, key: domain, value: text, parsed: observation };
  return { id: observation.id, key: domain, value: JSON.stringify({ ...(JSON.parse(text) as object), domain }), parsed: { ...observation, domain } };
}

function idAt(place: Ordered & Sender): string {
  return observationId({ ...place, seq: place.seq ?? 0 });
}

function strangenessOf(observation: Observation, { tapId, epoch, lastBefore }: Ordered & Sender): string | undefined {
  if (observation.tapId !== tapId) return 'speaks for another tap';
  if (observation.epoch !== epoch) return 'is of another epoch than its frame';
  if (lastBefore !== undefined && observation.seq <= lastBefore) return 'comes after a later one in its frame';
  if (observation.id !== observationId(observation)) return 'has an id that is not its place';
  return undefined;
}

/**
 * The place of each record: the one it tells, else the one its neighbours leave it, since an epoch has no gap: after the one before it,
 * or back from the first that tells its place, or on from `lastSeq`.
 */
function seqsOf(read: readonly ReadRecord[], lastSeq: number | undefined): readonly (number | undefined)[] {
  const told = read.map(({ text, observation }) => observation?.seq ?? seqTold(text));
  const firstTold = told.findIndex((seq) => seq !== undefined);
  const anchor = told[firstTold];
  const start = anchor !== undefined ? Math.max(0, anchor - firstTold) : lastSeq === undefined ? undefined : lastSeq + 1;
  if (start === undefined) return told;
  let next = start;
  return told.map((seq) => {
    const place = seq ?? next;
    next = place + 1;
    return place;
  });
}

function laterOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

function seqTold(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const seq = typeof value === 'object' && value !== null && 'seq' in value ? value.seq : undefined;
    return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
  } catch {
    return undefined;
  }
}

function letterOf({ text, epoch, seq }: Place & { readonly text: string }, error: TerminalError, sender: Sender): DeadLetter {
  // The content is part of the id: the same record again is the same letter, another one at the same place is not hidden by it.
  const mark = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return {
    v: 1,
    id: `${sender.component}/${sender.tapId}/${epoch}/${seq ?? 'unplaced'}/${mark}`,
    domain: sender.domain,
    at: new Date(sender.nowMs).toISOString(),
    topic: 'observations',
    offset: seq ?? 0,
    recordId: observationId({ tapId: sender.tapId, epoch, seq: seq ?? 0 }),
    errorClass: error.errorClass,
    error: error.message.slice(0, 2_000),
    component: sender.component,
    raw: text,
  };
}
