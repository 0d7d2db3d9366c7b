/**
 * Live news: one stream for the page, however many parts listen.
 * After a broken stream it tries again, a little later each time, and says so; what was missed is read again at once.
 */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { liveEvents, type LiveEvent } from '../src/shared/api.js';
import { forgetKey, get, openNews, Refused } from './ask.js';

type Connection = 'live' | 'connecting' | 'lost';

const listeners = new Set<(event: LiveEvent) => void>();
const watchers = new Set<() => void>();
const retryMs = [500, 1_000, 2_000, 5_000, 10_000] as const;
let connection: Connection = 'connecting';
let attempt = 0;

/** Opens the stream and keeps it open; returns a function that closes it. */
export function startNews(): () => void {
  const aborter = new AbortController();
  void keepReading(aborter.signal);
  return () => aborter.abort();
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    () => connection,
  );
}

export interface Reading<T> {
  readonly value: T | undefined;
  readonly problem: string | undefined;
  readonly again: () => void;
}

/** Reads `path` now and after each of the named news. `path` undefined: reads nothing. */
export function useReading<T>(path: string | undefined, event: LiveEvent): Reading<T> {
  const [reading, setReading] = useState<{ readonly path: string | undefined; readonly value?: T; readonly problem?: string }>({ path });
  const turn = useRef(0);
  const read = useRef(() => undefined as void);
  read.current = () => {
    if (path === undefined) return;
    turn.current += 1;
    const mine = turn.current;
    // An older answer that arrives late must not replace a newer one.
    const take = (next: { readonly value?: T; readonly problem?: string }) => mine === turn.current && setReading((before) => ({ path, ...(before.path === path ? before : {}), problem: undefined, ...next }) as typeof reading);
    get<T>(path).then(
      (value) => take({ value }),
      (error: unknown) => take({ problem: error instanceof Refused ? error.message : 'The console cannot be reached. What is shown may be old; it is read again when the console answers.' }),
    );
  };
  useEffect(() => {
    read.current();
    const listen = (told: LiveEvent) => told === event && read.current();
    listeners.add(listen);
    return () => void listeners.delete(listen);
  }, [path, event]);
  const isSame = reading.path === path;
  return { value: isSame ? reading.value : undefined, problem: isSame ? reading.problem : undefined, again: () => read.current() };
}

async function keepReading(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isOver = await readOnce(signal).catch(() => false);
    if (isOver || signal.aborted) return;
    become('lost');
    const waitMs = retryMs[Math.min(attempt, retryMs.length - 1)] ?? 10_000;
    attempt += 1;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** @returns true when there is nothing more to wait for: the session is over. */
async function readOnce(signal: AbortSignal): Promise<boolean> {
  const response = await openNews(signal);
  if (response.status === 401) {
    forgetKey();
    return true;
  }
  if (!response.ok || !response.body) return false;
  become('live');
  attempt = 0;
  let rest = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('event: ') && told(line.slice('event: '.length))) return true;
  }
}

function told(name: string): boolean {
  const event = liveEvents.find((known) => known === name);
  if (event === 'signed-out') forgetKey();
  else if (event) for (const listener of listeners) listener(event);
  return event === 'signed-out';
}

function become(next: Connection): void {
  connection = next;
  for (const watcher of watchers) watcher();
}
