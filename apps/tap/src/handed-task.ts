/**
 * The task a coding agent's prompt hook handed over (`countersign hook`): `<data>/tasks/<agent or parent process id>.json`.
 * HT1. Read again when the file changed; one that is missing, unreadable or of another shape means "none".
 * HT2. A task older than `ageMsMax` is nobody's any more.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '@countersign/wire';

const ageMsMax = 12 * 60 * 60 * 1000;
const taskCharactersMax = 4096;
const fileBytesMax = 64 * 1024;

export interface Task {
  readonly text: string;
  readonly id: string;
}

export interface HandedTaskOptions {
  readonly dataDir: string;
  readonly agent: string;
  readonly parentPid: number;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** How long what was seen counts without another look; 0 by default. A hook hands a task over long before the calls it is about. */
  readonly lookMsMin?: number;
}

interface Seen {
  stamp: string;
  task: (Task & { readonly at: number }) | undefined;
}

export class HandedTask {
  readonly #files: ReadonlyMap<string, Seen>;
  readonly #wallMs: () => number;
  readonly #lookMsMin: number;
  #lookedAtMs = -Infinity;
  #newest: Seen['task'];

  constructor({ dataDir, agent, parentPid, wallMs, lookMsMin = 0 }: HandedTaskOptions) {
    const names = [encodeURIComponent(agent).replaceAll('.', '%2E').replaceAll('*', '%2A'), String(parentPid)];
    this.#files = new Map(names.map((name) => [join(dataDir, 'tasks', `${name}.json`), { stamp: '', task: undefined }]));
    this.#wallMs = wallMs;
    this.#lookMsMin = lookMsMin;
  }

  /** The newest task that is not too old. Two `stat` calls. */
  current(): Task | undefined {
    const nowMs = this.#wallMs();
    if (!(nowMs - this.#lookedAtMs >= 0 && nowMs - this.#lookedAtMs < this.#lookMsMin)) this.#look(nowMs);
    const newest = this.#newest;
    return newest === undefined || nowMs - newest.at > ageMsMax ? undefined : { text: newest.text, id: newest.id };
  }

  #look(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    const tasks = [...this.#files].map(([file, seen]) => refreshed(file, seen)).filter((task) => task !== undefined);
    this.#newest = tasks.reduce<Seen['task']>((best, task) => (best === undefined || task.at > best.at ? task : best), undefined);
  }
}

function refreshed(file: string, seen: Seen): Seen['task'] {
  const stats = statSync(file, { throwIfNoEntry: false });
  const stamp = stats === undefined ? 'none' : `${stats.mtimeMs}/${stats.size}/${stats.ino}`;
  if (stamp !== seen.stamp) {
    seen.stamp = stamp;
    seen.task = stats === undefined || stats.size > fileBytesMax ? undefined : read(file);
  }
  return seen.task;
}

function read(file: string): Seen['task'] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!isRecord(value)) return undefined;
    const { text, id, at } = value;
    const isTask = typeof text === 'string' && text !== '' && typeof id === 'string' && id !== '' && typeof at === 'number';
    return isTask ? { text: text.slice(0, taskCharactersMax), id: id.slice(0, 256), at } : undefined;
  } catch {
    // Half a file of a writer that does not replace it whole: the next change is read again.
    return undefined;
  }
}
