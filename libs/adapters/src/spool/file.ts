/**
 * The spool on disk: segment files in one directory, one process at a time.
 * FS1. A start opens a new segment at its first append; older ones are only read and trimmed, so a kill can tear one tail at most.
 * FS2. File names are the position of their first entry, so order needs no index.
 * FS3. The position of the last trim is kept beside them, written at the latest every `unwrittenTrimsMax` trims and at the close (not synced):
 *      at worst something is sent twice, and ids make that harmless.
 * FS4. A damaged segment is set aside under `damaged/`; what stood whole in front of the damage is kept and sent.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { blockOffset, encodeBlock, encodeFrame, recoverSegment, Spool, SpoolFull, type CompleteRecord, type SpoolAppend, type SpoolEntry } from '@countersign/wire';
import { Segment, type Position } from './segment.js';

export interface FileSpoolOptions {
  readonly segmentBytesMax?: number;
  readonly quotaBytes?: number;
  /** Told once per damaged segment: the file it was moved to, and how many entries in front of the damage were kept. */
  readonly onDamage?: (damage: { readonly movedTo: string; readonly keptEntries: number }) => void;
}

const unwrittenTrimsMax = 64;
const roomBytes = 64 * 1024;
const suffix = '.spool';
const markPattern = /^[A-Za-z0-9_-]{1,128}$/;

export class FileSpool extends Spool {
  readonly #dir: string;
  readonly #segmentBytesMax: number;
  readonly #quotaBytes: number;
  readonly #onDamage: NonNullable<FileSpoolOptions['onDamage']>;
  readonly #trimmedFd: number;
  /** Frames are made here, one at a time: they are written before `append` returns. */
  readonly #room = Buffer.allocUnsafeSlow(roomBytes);
  #segments: Segment[] = [];
  #active: Segment | undefined;
  #trimmed: Position | undefined;
  #unwrittenTrims = 0;
  #cursor: { readonly after: Position | undefined; readonly segment: Segment; readonly offset: number } | undefined;

  private constructor(dir: string, options: FileSpoolOptions) {
    super();
    this.#dir = dir;
    this.#segmentBytesMax = options.segmentBytesMax ?? 16 * 1024 * 1024;
    this.#quotaBytes = options.quotaBytes ?? 1024 * 1024 * 1024;
    this.#onDamage = options.onDamage ?? (() => undefined);
    mkdirSync(join(dir, 'consumed'), { recursive: true, mode: 0o700 });
    this.#trimmed = readTrimmed(join(dir, 'trimmed'));
    this.#trimmedFd = openSync(join(dir, 'trimmed'), existsSync(join(dir, 'trimmed')) ? 'r+' : 'w+', 0o600);
    const names = readdirSync(dir).filter((name) => name.endsWith(suffix)).sort();
    this.#segments = names.map((name) => Segment.open(join(dir, name), positionOf(name)));
    const last = this.#segments.at(-1);
    if (last !== undefined) this.#recover(last);
  }

  /** Opens or creates the spool in `dir`. Reads at most the last segment (16 MiB). @throws when the directory cannot be used. */
  static open(dir: string, options: FileSpoolOptions = {}): FileSpool {
    return new FileSpool(dir, options);
  }

  /** The last position this spool ever held, as far as its files know; undefined for a new one. */
  get lastPosition(): Position | undefined {
    const last = this.#segments.at(-1)?.last;
    if (last === undefined || (this.#trimmed !== undefined && isAfter(this.#trimmed, last))) return this.#trimmed;
    return last;
  }

  append(entry: SpoolAppend, options: { readonly sync: boolean }): CompleteRecord | undefined {
    const frame = encodeFrame(entry, this.#room);
    let held = 0;
    for (const { bytes } of this.#segments) held += bytes;
    if (held + frame.length > this.#quotaBytes) throw full(`it holds ${held} bytes and its quota is ${this.#quotaBytes}`);
    try {
      const segment = this.#writable(frame.length, entry);
      const at = segment.append(frame, { epoch: entry.epoch, seq: entry.seq }, options);
      if (typeof entry.record === 'string' || !('prefix' in entry.record)) return undefined;
      const block = at + blockOffset(frame);
      return (rest) => {
        const bytes = encodeBlock(rest, this.#room);
        return bytes !== undefined && segment.overwrite(block, bytes);
      };
    } catch (error) {
      throw isNoSpace(error) ? full('its disk is full') : error;
    }
  }

  read(after: Position | undefined, recordsMax: number): readonly SpoolEntry[] {
    const from = later(after, this.#trimmed);
    const start = this.#startOf(from);
    let { segment, offset } = start;
    const entries: SpoolEntry[] = [];
    while (segment !== undefined && entries.length < recordsMax) {
      const part: ReturnType<Segment['read']> = segment.read(offset, recordsMax - entries.length);
      for (const entry of part.entries) if (from === undefined || isAfter(entry, from)) entries.push(entry);
      const lastRead = part.entries.at(-1);
      offset = part.nextOffset;
      if (part.isDamaged) {
        segment = this.#recover(segment);
        offset = segment === undefined ? 0 : Math.min(offset, segment.bytes);
      }
      if (segment === undefined || offset < segment.bytes) continue;
      if (lastRead !== undefined) segment.last = { epoch: lastRead.epoch, seq: lastRead.seq };
      const next = this.#segments[this.#segments.indexOf(segment) + 1];
      if (next === undefined) break;
      segment = next;
      offset = 0;
    }
    const last = entries.at(-1);
    if (segment !== undefined) this.#cursor = { after: last === undefined ? from : { epoch: last.epoch, seq: last.seq }, segment, offset };
    return entries;
  }

  trim(epoch: number, seq: number): void {
    const position = { epoch, seq };
    if (this.#trimmed !== undefined && !isAfter(position, this.#trimmed)) return;
    this.#trimmed = position;
    this.#unwrittenTrims += 1;
    if (this.#unwrittenTrims >= unwrittenTrimsMax || this.#isAcked(0, position)) this.#writeTrimmed();
    while (this.#segments.length > 0 && this.#isAcked(0, position)) {
      const segment = this.#segments.shift() as Segment;
      if (this.#active === segment) this.#active = undefined;
      if (this.#cursor?.segment === segment) this.#cursor = undefined;
      segment.remove();
    }
  }

  markOnce(name: string): boolean {
    if (!markPattern.test(name)) throw new RangeError('A mark is 1 to 128 letters, digits, "-" or "_".');
    let fd: number;
    try {
      fd = openSync(join(this.#dir, 'consumed', name), 'wx', 0o600);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    fsyncSync(fd);
    closeSync(fd);
    syncDirectory(join(this.#dir, 'consumed'));
    return true;
  }

  close(): void {
    this.#writeTrimmed();
    for (const segment of this.#segments) {
      const isAcked = segment.last === undefined ? segment.bytes === 0 : this.#trimmed !== undefined && !isAfter(segment.last, this.#trimmed);
      if (isAcked) segment.remove();
      else segment.close();
    }
    this.#segments = [];
    this.#active = undefined;
    closeSync(this.#trimmedFd);
  }

  #writeTrimmed(): void {
    if (this.#trimmed !== undefined && this.#unwrittenTrims > 0) writeSync(this.#trimmedFd, `${this.#trimmed.epoch}/${this.#trimmed.seq}`.padEnd(32), 0);
    this.#unwrittenTrims = 0;
  }

  #writable(bytes: number, entry: Position): Segment {
    const active = this.#active;
    if (active !== undefined && !active.isBroken && active.bytes + bytes <= this.#segmentBytesMax) return active;
    const first = { epoch: entry.epoch, seq: entry.seq };
    const created = Segment.create(join(this.#dir, nameOf(first)), first);
    syncDirectory(this.#dir);
    this.#segments.push(created);
    this.#active = created;
    return created;
  }

  /** A small active segment is kept although all of it is acked: making a file costs more than keeping one. */
  #isAcked(index: number, position: Position): boolean {
    const segment = this.#segments[index];
    if (segment === undefined) return false;
    if (segment === this.#active && segment.bytes < this.#segmentBytesMax / 4) return false;
    if (segment.last !== undefined) return !isAfter(segment.last, position);
    const next = this.#segments[index + 1];
    return next !== undefined && next.first.epoch === position.epoch && next.first.seq <= position.seq + 1;
  }

  #startOf(from: Position | undefined): { readonly segment: Segment | undefined; readonly offset: number } {
    const cursor = this.#cursor;
    if (cursor !== undefined && samePosition(cursor.after, from)) return cursor;
    const index = from === undefined ? 0 : this.#segments.findLastIndex(({ first }) => !isAfter(first, from));
    return { segment: this.#segments[Math.max(0, index)], offset: 0 };
  }

  /** Cuts a torn tail; sets a damaged segment aside and keeps what stood in front of the damage. */
  #recover(segment: Segment): Segment | undefined {
    const recovered = recoverSegment(segment.bytesFrom(0, segment.bytes));
    segment.last = recovered.last;
    if (recovered.damage === 'torn') segment.cutTo(recovered.wholeBytes);
    if (recovered.damage !== 'corrupt') return segment;
    mkdirSync(join(this.#dir, 'damaged'), { recursive: true, mode: 0o700 });
    const whole = segment.bytesFrom(0, recovered.wholeBytes);
    segment.close();
    const movedTo = freeName(join(this.#dir, 'damaged', basename(segment.file)));
    renameSync(segment.file, movedTo);
    writeFileSync(segment.file, whole, { mode: 0o600 });
    syncDirectory(this.#dir);
    const replaced = Segment.open(segment.file, segment.first);
    replaced.last = segment.last;
    this.#segments[this.#segments.indexOf(segment)] = replaced;
    if (this.#active === segment) this.#active = undefined;
    this.#cursor = undefined;
    this.#onDamage({ movedTo, keptEntries: recovered.entryCount });
    return replaced;
  }
}

function isAfter(a: Position, b: Position): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}

function later(a: Position | undefined, b: Position | undefined): Position | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isAfter(a, b) ? a : b;
}

function samePosition(a: Position | undefined, b: Position | undefined): boolean {
  return a?.epoch === b?.epoch && a?.seq === b?.seq;
}

function nameOf({ epoch, seq }: Position): string {
  return `${String(epoch).padStart(10, '0')}-${String(seq).padStart(15, '0')}${suffix}`;
}

function positionOf(name: string): Position {
  const [epoch, seq] = name.slice(0, -suffix.length).split('-');
  return { epoch: Number(epoch), seq: Number(seq) };
}

function freeName(file: string): string {
  let name = file;
  for (let count = 1; existsSync(name); count += 1) name = `${file}.${count}`;
  return name;
}

function readTrimmed(file: string): Position | undefined {
  if (!existsSync(file)) return undefined;
  const match = /^(\d+)\/(\d+)\s*$/.exec(readFileSync(file, 'utf8'));
  return match === null ? undefined : { epoch: Number(match[1]), seq: Number(match[2]) };
}

/** A new name survives a power loss only once its directory was synced; Windows knows no such call. */
function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function full(why: string): SpoolFull {
  return new SpoolFull(`The spool takes no more: ${why}. What it holds is kept; start the gate so that it drains, or free some space.`);
}

function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
