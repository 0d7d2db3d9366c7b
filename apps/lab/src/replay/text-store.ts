/**
 * Result texts by id. They lie in a temporary file; memory holds their places and the latest ones read.
 * TX1. Bounded: at most `keptCharsMax` characters are kept in memory, whatever the file's size.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRows, type OnProblem } from './read-rows.js';

const keptCharsMax = 64 * 1024 * 1024;

interface Place {
  readonly at: number;
  readonly bytes: number;
}

export class TextStore {
  readonly #folder = mkdtempSync(join(tmpdir(), 'countersign-texts-'));
  readonly #file = openSync(join(this.#folder, 'texts'), 'w+');
  readonly #places = new Map<string, Place>();
  readonly #kept = new Map<string, string>();
  #keptChars = 0;
  #end = 0;

  /** @param file JSON lines `{id, text}`; absent: no text is known by id. */
  static async read(file: string | undefined, onProblem: OnProblem): Promise<TextStore> {
    const store = new TextStore();
    if (file === undefined) return store;
    for await (const { line, value } of readRows(file, onProblem)) {
      const { id, text } = (value ?? {}) as { id?: unknown; text?: unknown };
      if (typeof id === 'string' && typeof text === 'string') store.#add(id, text);
      else onProblem({ file, line, message: 'A text needs `id` and `text`, both strings; the row was passed over.' });
    }
    return store;
  }

  get size(): number {
    return this.#places.size;
  }

  textOf(id: string): string | undefined {
    const kept = this.#kept.get(id);
    if (kept !== undefined) return kept;
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const bytes = Buffer.alloc(place.bytes);
    readSync(this.#file, bytes, 0, place.bytes, place.at);
    const text = bytes.toString('utf8');
    this.#keep(id, text);
    return text;
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #add(id: string, text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    writeSync(this.#file, bytes, 0, bytes.length, this.#end);
    this.#places.set(id, { at: this.#end, bytes: bytes.length });
    this.#end += bytes.length;
  }

  #keep(id: string, text: string): void {
    this.#kept.set(id, text);
    this.#keptChars += text.length;
    for (const [oldest, gone] of this.#kept) {
      if (this.#keptChars <= keptCharsMax) return;
      this.#kept.delete(oldest);
      this.#keptChars -= gone.length;
    }
  }
}
