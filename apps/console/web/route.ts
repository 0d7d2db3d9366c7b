/** Where the page is: one path per page; which row is open travels in the history's state, never in the address. */
import { useSyncExternalStore } from 'react';

export const pages = ['approvals', 'sessions', 'agents', 'tools', 'quarantine', 'policy'] as const;
export type Page = (typeof pages)[number];

export interface Route {
  readonly page: Page;
  /** The row that is open on it: an opaque key. */
  readonly open?: string;
}

const watchers = new Set<() => void>();
let current = read();
window.addEventListener('popstate', changed);

export function useRoute(): Route {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    () => current,
  );
}

/** @param how `replace` when the reader did not ask to go anywhere (a first selection). */
export function goTo({ page, open }: Route, how: 'push' | 'replace' = 'push'): void {
  const state = open === undefined ? null : { open };
  if (how === 'push') history.pushState(state, '', `/${page}`);
  else history.replaceState(state, '', `/${page}`);
  changed();
}

function changed(): void {
  current = read();
  for (const watcher of watchers) watcher();
}

function read(): Route {
  const page = pages.find((name) => location.pathname === `/${name}`) ?? 'approvals';
  const state: unknown = history.state;
  const open = typeof state === 'object' && state !== null && 'open' in state && typeof state.open === 'string' ? state.open : undefined;
  return open === undefined ? { page } : { page, open };
}
