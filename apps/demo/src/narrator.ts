/** What a person reads while the demonstration plays. Silent with `--json`. */
import type { Row } from './row.js';

export interface Narrator {
  chapter(title: string, story: string): void;
  progress(done: number, of: number, what: string): void;
  rows(rows: readonly Row[]): void;
  end(rows: readonly Row[]): void;
}

export const silent: Narrator = { chapter: () => undefined, progress: () => undefined, rows: () => undefined, end: () => undefined };

export function plainNarrator(write: (line: string) => void): Narrator {
  return {
    chapter: (title, story) => write(`\n  ${title}\n  ${story}\n`),
    progress: (done, of, what) => {
      if (done === of || done % 10 === 0) write(`    ${done}/${of} ${what}\n`);
    },
    rows: (rows) => rows.forEach((row) => write(`    ${row.ok ? '✓' : '✗'} ${row.scenario}\n      verdict: ${row.verdict} · the server ${row.executed ? 'executed it' : 'never saw it'}\n`)),
    end: (rows) => {
      const wrong = rows.filter((row) => !row.ok).length;
      write(`\n  ${rows.length - wrong} of ${rows.length} as expected${wrong ? ` — ${wrong} are not, see ✗ above` : ''}.\n\n`);
    },
  };
}
