/**
 * Wraps and unwraps one client's file, with its original kept.
 * WF1. Bytes first, then the manifest, then the client's file: a stop in between leaves the file as it was.
 * WF2. A file that is what we wrote gets its original bytes back; a file changed since loses only our words.
 */
import { readFileSync } from 'node:fs';
import type { Client } from './client-table.js';
import { replaceConfig, type ConfigText } from './config-io.js';
import { readText, unwrapText, wrapText, type EntryReport, type FormerEntry, type Shape } from './edit-text.js';
import { sha256, type KeptOriginals, type Manifest } from './kept-originals.js';
import type { TapOptions } from './tap-words.js';

export interface Plan {
  readonly entries: readonly EntryReport[];
  /** What the file will hold; undefined: it stays as it is. */
  readonly fresh: Buffer | undefined;
  /** What else a person must know. */
  readonly notes: readonly string[];
  /** @returns a sentence when nothing was written. */
  apply(): string | undefined;
}

export interface Job {
  readonly config: ConfigText;
  readonly client: Client;
  readonly kept: KeptOriginals;
  readonly only: ReadonlySet<string> | undefined;
}

/** @returns the plan, or why the file is left alone. */
export function planWrap(job: Job, tap: TapOptions, at: string): Plan | string {
  const { config, client, kept, only } = job;
  const edited = wrapText(config.text, client, { tap, only });
  if (!edited.ok) return edited.problem;
  const wrapped = edited.entries.flatMap((entry) => (entry.state === 'wrapped' ? [entry] : []));
  if (wrapped.length === 0) return unchanged(edited.entries);
  const fresh = Buffer.from(edited.text);
  const apply = (): string | undefined => {
    const former = kept.find(config.file);
    const isOurs = former !== undefined && former.writtenSha256 === sha256(config.bytes);
    const original = isOurs ? former : { original: kept.keep(config.file, config.bytes, at), originalSha256: sha256(config.bytes), isWhole: !edited.entries.some(({ state }) => state === 'already') };
    const entries = wrapped.map(({ name, path, commandText, hadArgs }) => ({ name, path, commandText, hadArgs }));
    const earlier = (former?.entries ?? []).filter(({ path }) => !entries.some((entry) => samePath(entry.path, path)));
    kept.write({
      v: 1, file: config.file, clientId: client.id, format: client.format, servers: client.servers, at,
      original: original.original, originalSha256: original.originalSha256, isWhole: original.isWhole,
      writtenSha256: sha256(fresh), entries: [...earlier, ...entries],
    });
    return replaceConfig(config, fresh);
  };
  return { entries: edited.entries, fresh, notes: [], apply };
}

/** @returns the plan, or why the file is left alone. */
export function planUnwrap(job: Job): Plan | string {
  const { config, kept, only } = job;
  const manifest = kept.find(config.file);
  const shape: Shape = manifest ?? job.client;
  const edited = unwrapText(config.text, shape, { former: manifest?.entries ?? [], only });
  if (!edited.ok) return edited.problem;
  const gone = edited.entries.filter(({ state }) => state === 'unwrapped');
  if (gone.length === 0) return unchanged(edited.entries);
  const isOurs = manifest !== undefined && manifest.writtenSha256 === sha256(config.bytes);
  const isAll = edited.entries.every(({ state }) => state !== 'already');
  if (manifest !== undefined && isOurs && isAll && manifest.isWhole) return restoreBytes({ ...job, manifest }, edited.entries);
  const fresh = Buffer.from(edited.text);
  const apply = (): string | undefined => {
    const problem = replaceConfig(config, fresh);
    if (problem === undefined && manifest !== undefined) remember({ kept, manifest, isOurs, left: leftOf(manifest, gone), writtenSha256: sha256(fresh) });
    return problem;
  };
  return { entries: edited.entries, fresh, notes: [noteOf({ manifest, isOurs, isAll, kept })], apply };
}

function restoreBytes({ config, kept, manifest }: Job & { readonly manifest: Manifest }, entries: readonly EntryReport[]): Plan | string {
  const original = readFileSync(kept.originalFile(manifest));
  if (sha256(original) !== manifest.originalSha256) return `the kept original ${kept.originalFile(manifest)} is damaged; name single servers with --server to take taps away entry by entry`;
  const apply = (): string | undefined => {
    const problem = replaceConfig(config, original);
    if (problem === undefined) kept.forget(manifest, false);
    return problem;
  };
  return { entries, fresh: original, notes: ['the file has its original bytes again.'], apply };
}

function noteOf({ manifest, isOurs, isAll, kept }: { readonly manifest: Manifest | undefined; readonly isOurs: boolean; readonly isAll: boolean; readonly kept: KeptOriginals }): string {
  if (manifest === undefined) return 'nothing is kept of how this file was before, so only the taps were taken away.';
  if (isOurs && !isAll) return 'only the named servers were unwrapped.';
  return `the file was changed after it was wrapped, so only the taps were taken away; what it was before is kept in ${kept.originalFile(manifest)}.`;
}

interface Remembered {
  readonly kept: KeptOriginals;
  readonly manifest: Manifest;
  readonly isOurs: boolean;
  readonly left: Manifest['entries'];
  readonly writtenSha256: string;
}

function remember({ kept, manifest, isOurs, left, writtenSha256 }: Remembered): void {
  if (left.length === 0) kept.forget(manifest, true);
  else kept.write({ ...manifest, entries: left, writtenSha256: isOurs ? writtenSha256 : manifest.writtenSha256 });
}

function leftOf({ entries }: Manifest, gone: readonly EntryReport[]): Manifest['entries'] {
  return entries.filter(({ path }) => !gone.some((entry) => samePath(entry.path, path)));
}

function unchanged(entries: readonly EntryReport[]): Plan {
  return { entries, fresh: undefined, notes: [], apply: () => undefined };
}

function samePath(a: FormerEntry['path'], b: FormerEntry['path']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The entries of a file, nothing planned. */
export function inventory({ config, client }: Pick<Job, 'config' | 'client'>): readonly EntryReport[] | string {
  const read = readText(config.text, client);
  return read.ok ? read.entries : read.problem;
}
