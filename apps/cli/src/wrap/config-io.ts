/**
 * Reads and replaces a client's own file.
 * CI1. A file is replaced whole or not at all, keeps its mode, and a link to it stays a link.
 * CI2. What was read is what is replaced: a file that changed in between is left alone.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { putFile } from './put-file.js';

const fileBytesMax = 32 * 1024 * 1024;

export interface ConfigText {
  /** Where the file really is. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly text: string;
}

/** @returns undefined when there is no such file, a sentence when it cannot be used. */
export function readConfig(named: string): ConfigText | string | undefined {
  try {
    const file = realpathSync(named);
    const { size } = statSync(file);
    if (size > fileBytesMax) return `it is larger than ${fileBytesMax / 1024 / 1024} MB`;
    const bytes = readFileSync(file);
    // The mark is kept as a character, so that writing the text gives the same bytes.
    return { file, bytes, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return 'it is not UTF-8 text';
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    return messageOf(error);
  }
}

/** @returns a sentence when nothing was replaced. */
export function replaceConfig({ file, bytes }: ConfigText, fresh: Buffer): string | undefined {
  try {
    putFile(file, fresh, {
      mode: statSync(file).mode & 0o777,
      beforeReplace: () => {
        if (!readFileSync(file).equals(bytes)) throw new Error('it was changed by another program meanwhile; close that program and try again');
      },
    });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
