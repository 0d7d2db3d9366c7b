/** The tap as a process: bundled as it ships, started with pipes, everything it wrote kept. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { join } from 'node:path';
import { buildSync, type BuildOptions } from 'esbuild';

/** Bundles the product's entry. @returns the file, its folder, and a function that removes both. */
export function bundleTap(): { readonly file: string; readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  buildSync({ ...bundleOptions, outdir: dir });
  return { file: join(dir, 'tap.mjs'), dir, remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Split, so that a stdio tap never loads the code of HTTP. */
export const bundleOptions: BuildOptions = {
  entryPoints: { tap: join(import.meta.dirname, '..', 'main.ts') }, bundle: true, splitting: true, platform: 'node', target: 'node20', format: 'esm',
  conditions: ['@countersign/source'], outExtension: { '.js': '.mjs' },
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
};

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A started process and what it said so far. */
export class TestProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  #out: Buffer[] = [];
  #err = '';

  constructor(args: readonly string[], { env = {}, cwd }: ProcessOptions = {}) {
    this.child = spawn(process.execPath, [...args], { env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) });
    this.child.stdin.on('error', () => undefined);
    for (const stream of [this.child.stdout, this.child.stderr]) stream.setMaxListeners(0);
    this.child.stdout.on('data', (chunk: Buffer) => this.#out.push(chunk));
    this.child.stderr.on('data', (chunk: Buffer) => (this.#err += chunk.toString()));
    this.exited = once(this.child, 'close').then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
  }

  get out(): Buffer {
    this.#out = [Buffer.concat(this.#out)];
    return this.#out[0] ?? Buffer.alloc(0);
  }

  get err(): string {
    return this.#err;
  }

  send(text: string): void {
    this.child.stdin.write(text);
  }

  /** Resolves when stdout holds `text`; what came before the call counts too. */
  async said(text: string): Promise<void> {
    await this.#holds(this.child.stdout, text, this.out);
  }

  async complained(text: string): Promise<void> {
    await this.#holds(this.child.stderr, text, Buffer.from(this.#err));
  }

  async #holds(stream: Readable, text: string, before: Buffer): Promise<void> {
    let seen = before;
    while (!seen.includes(text)) {
      const next = await Promise.race([once(stream, 'data'), this.exited.then(() => undefined)]);
      if (next === undefined) throw new Error(`ended without saying ${text}; stdout ${this.out.toString().slice(-2000)}; stderr ${this.#err.slice(-2000)}`);
      // Only the end of what was searched can still be part of a match.
      seen = Buffer.concat([seen.subarray(Math.max(0, seen.length - text.length * 4)), next[0] as Buffer]);
    }
  }
}

export const scriptedServer = join(import.meta.dirname, 'scripted-server.mjs');
