/**
 * What a client's file was before it was wrapped: `<data>/wrapped/<16 hex of sha256(path)>/`, the bytes under their date and `manifest.json`.
 * KO1. The bytes are on disk before the client's file is replaced. Files 0600: clients' files hold secrets.
 * KO2. Several wraps in a row keep the first original; a file that somebody else changed in between gets a new one.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../user-error.js';
import type { Format } from './client-table.js';
import type { FormerEntry } from './edit-text.js';
import { putFile } from './put-file.js';

export interface Manifest {
  readonly v: 1;
  readonly file: string;
  readonly clientId: string;
  readonly format: Format;
  readonly servers: readonly (readonly string[])[];
  /** ISO date of the last wrap. */
  readonly at: string;
  /** Name of the kept bytes, beside the manifest. */
  readonly original: string;
  readonly originalSha256: string;
  readonly writtenSha256: string;
  /** Is the original free of taps? Else it was wrapped before and changed since. */
  readonly isWhole: boolean;
  readonly entries: readonly (FormerEntry & { readonly name: string })[];
}

export class KeptOriginals {
  readonly #root: string;

  constructor(dataDir: string) {
    this.#root = join(dataDir, 'wrapped');
  }

  /** @throws when the manifest is there and cannot be read. */
  find(file: string): Manifest | undefined {
    return readManifest(join(this.#dirOf(file), 'manifest.json'));
  }

  all(): readonly Manifest[] {
    if (!existsSync(this.#root)) return [];
    return readdirSync(this.#root).flatMap((name) => readManifest(join(this.#root, name, 'manifest.json')) ?? []);
  }

  /** Keeps these bytes under their date. @returns the name to put into the manifest. */
  keep(file: string, bytes: Buffer, at: string): string {
    const dir = this.#dirOf(file);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const name = `${at.replaceAll(':', '-')}.original`;
    putFile(join(dir, name), bytes);
    return name;
  }

  write(manifest: Manifest): void {
    putFile(join(this.#dirOf(manifest.file), 'manifest.json'), Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`));
  }

  originalFile({ file, original }: Manifest): string {
    return join(this.#dirOf(file), original);
  }

  /** The client's file holds its original bytes again: nothing is left to keep. */
  forget(manifest: Manifest, keepBytes: boolean): void {
    rmSync(join(this.#dirOf(manifest.file), 'manifest.json'), { force: true });
    if (!keepBytes) rmSync(this.#dirOf(manifest.file), { recursive: true, force: true });
  }

  #dirOf(file: string): string {
    return join(this.#root, createHash('sha256').update(file).digest('hex').slice(0, 16));
  }
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readManifest(file: string): Manifest | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    if (value.v !== 1 || typeof value.file !== 'string' || !Array.isArray(value.entries)) throw new TypeError('it has another shape');
    return value;
  } catch (error) {
    throw new UserError(`${file} cannot be read (${error instanceof Error ? error.message : String(error)}). Nothing was changed; the original bytes lie beside it. Move it away to go on without it.`);
  }
}
