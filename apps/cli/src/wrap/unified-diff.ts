/** A unified diff of two texts, for eyes. Bounded: very long changed stretches are shown whole instead of being aligned. */
const contextLines = 3;
const alignedCellsMax = 4_000_000;

/** @returns '' when the texts are equal. Lines end with \n; carriage returns are not shown. */
export function unifiedDiff(before: string, after: string, file: string): string {
  if (before === after) return '';
  const rows = alignedRows(linesOf(before), linesOf(after));
  return `--- ${file}\n+++ ${file}\n${hunks(rows).join('')}`;
}

interface Row {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/\r$/, ''));
}

function alignedRows(old: readonly string[], fresh: readonly string[]): readonly Row[] {
  let head = 0;
  while (head < Math.min(old.length, fresh.length) && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, fresh.length) - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const same = (lines: readonly string[]): Row[] => lines.map((line) => ({ mark: ' ', line }));
  return [...same(old.slice(0, head)), ...changedRows(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)), ...same(old.slice(old.length - tail))];
}

/** Longest common subsequence, walked forward. */
function changedRows(old: readonly string[], fresh: readonly string[]): readonly Row[] {
  if (old.length * fresh.length > alignedCellsMax) return [...old.map((line): Row => ({ mark: '-', line })), ...fresh.map((line): Row => ({ mark: '+', line }))];
  const width = fresh.length + 1;
  const kept = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number): number => kept[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) kept[i * width + j] = old[i] === fresh[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const rows: Row[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) rows.push({ mark: ' ', line: old[(j += 1, i++)] ?? '' });
    else if (j >= fresh.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) rows.push({ mark: '-', line: old[i++] ?? '' });
    else rows.push({ mark: '+', line: fresh[j++] ?? '' });
  }
  return rows;
}

function hunks(rows: readonly Row[]): readonly string[] {
  const changed = rows.flatMap(({ mark }, at) => (mark === ' ' ? [] : [at]));
  const stretches: { from: number; to: number }[] = [];
  for (const at of changed) {
    const last = stretches.at(-1);
    if (last !== undefined && at - last.to <= 2 * contextLines) last.to = at;
    else stretches.push({ from: at, to: at });
  }
  return stretches.map(({ from, to }) => hunk(rows, Math.max(0, from - contextLines), Math.min(rows.length, to + contextLines + 1)));
}

function hunk(rows: readonly Row[], from: number, to: number): string {
  const count = (some: readonly Row[], mark: '-' | '+'): number => some.filter((row) => row.mark === ' ' || row.mark === mark).length;
  const before = rows.slice(0, from);
  const body = rows.slice(from, to);
  const range = (mark: '-' | '+'): string => `${mark}${count(before, mark) + (count(body, mark) === 0 ? 0 : 1)},${count(body, mark)}`;
  return `@@ ${range('-')} ${range('+')} @@\n${body.map(({ mark, line }) => `${mark}${line}\n`).join('')}`;
}
