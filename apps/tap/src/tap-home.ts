/**
 * What one tap keeps: its id, its key, its epoch, its spool.
 * TH1. An epoch is never used twice: its number is on disk, synced, before the first observation carries it.
 * TH2. The private key never leaves this directory (mode 0600).
 * TH3. An epoch that was not closed was killed; its successor says so once (`former`).
 * TH4. Slots of one configuration hold one key: a second process of it is the same tap, and needs no enrolment of its own.
 */
import { createHash, generateKeyPairSync, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FileSpool } from '@countersign/adapters/spool/file';
import { takeSlot } from './slot.js';

export interface TapHome {
  readonly tapId: string;
  readonly epoch: number;
  readonly spool: FileSpool;
  /** Raw Ed25519, base64url. */
  readonly publicKey: string;
  readonly policyFile: string;
  /** The epoch before this one, when it was killed; `lastSeq` undefined when it wrote nothing that is still known. */
  readonly former: { readonly epoch: number; readonly lastSeq: number | undefined } | undefined;
  sign(text: string): string;
  /** The epoch ended in order. */
  close(): void;
}

interface EpochState {
  readonly epoch: number;
  readonly isClosed: boolean;
}

export interface HomeOptions {
  readonly dataDir: string;
  readonly server: string;
  readonly agent: string;
  readonly role: string;
  readonly transport: 'stdio' | 'http';
  readonly log: (line: string) => void;
}

/** @throws a sentence when the data directory cannot be used. */
export function openTapHome({ dataDir, server, agent, role, transport, log }: HomeOptions): TapHome {
  const base = tapIdBase({ server, agent, role, transport });
  const slot = takeSlot(join(dataDir, 'taps'), base, (dir) => readEpoch(dir)?.isClosed === false);
  const before = readEpoch(slot.dir);
  const epoch = (before?.epoch ?? 0) + 1;
  const key = keyOf(slot.dir, firstSlotDir(dataDir, base));
  const spool = FileSpool.open(join(slot.dir, 'spool'), {
    onDamage: ({ movedTo, keptEntries }) => log(`a damaged part of the spool was set aside as ${movedTo}; the ${keptEntries} observations in front of the damage are kept and sent.`),
  });
  const last = spool.lastPosition;
  writeEpoch(slot.dir, { epoch, isClosed: false });
  return {
    tapId: slot.tapId, epoch, spool,
    publicKey: publicHalf(key),
    policyFile: join(slot.dir, 'policy.json'),
    former: before === undefined || before.isClosed ? undefined : { epoch: before.epoch, lastSeq: last?.epoch === before.epoch ? last.seq : undefined },
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64url'),
    close: () => {
      spool.close();
      writeEpoch(slot.dir, { epoch, isClosed: true });
      slot.release();
    },
  };
}

export type TapName = Pick<HomeOptions, 'server' | 'agent' | 'role' | 'transport'>;

/** What a tap's id begins with, its slot aside. */
export function tapIdBase({ server, agent, role, transport }: TapName): string {
  return createHash('sha256').update([server, agent, role, transport].join('\0')).digest('hex').slice(0, 16);
}

/** The key with which a tap of this name is enrolled, made when there is none; the tap need not run. */
export function openTapKey(dataDir: string, name: TapName): { readonly tapId: string; readonly key: KeyObject } {
  const base = tapIdBase(name);
  const dir = firstSlotDir(dataDir, base);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return { tapId: `${base}-0`, key: keyOf(dir, dir) };
}

export function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x ?? '';
}

function firstSlotDir(dataDir: string, base: string): string {
  return join(dataDir, 'taps', `${base}-0`);
}

function keyOf(dir: string, firstDir: string): KeyObject {
  const file = join(dir, 'key.pem');
  const own = readKey(file);
  if (own !== undefined) return own;
  const privateKey = readKey(join(firstDir, 'key.pem')) ?? generateKeyPairSync('ed25519').privateKey;
  writeSynced(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}

function readKey(file: string): KeyObject | undefined {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function readEpoch(dir: string): EpochState | undefined {
  let text: string;
  try {
    text = readFileSync(join(dir, 'epoch'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const match = /^(\d+) (open|closed)\n$/.exec(text);
  if (match === null) throw new Error(`${join(dir, 'epoch')} cannot be read, and an epoch must never be used twice. Remove the directory ${dir} if what it spooled is not needed.`);
  return { epoch: Number(match[1]), isClosed: match[2] === 'closed' };
}

function writeEpoch(dir: string, { epoch, isClosed }: EpochState): void {
  writeSynced(join(dir, 'epoch'), `${epoch} ${isClosed ? 'closed' : 'open'}\n`);
}

function writeSynced(file: string, text: string): void {
  const fresh = `${file}.new`;
  const fd = openSync(fresh, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, file);
}

/** Keeps a small file whole through a kill: written beside, then put in place. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
