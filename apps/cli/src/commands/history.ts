/** `countersign history "SELECT …"`: reads history, changes nothing, whether or not Countersign is running. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { HistoryRow } from '@countersign/history';
import { resolveDataDir } from '../data-dir.js';
import { withHistory } from '../with-history.js';
import { UserError } from '../user-error.js';

interface HistoryFlags {
  readonly data?: string;
  readonly json?: boolean;
}

export function registerHistory(program: Command): void {
  program
    .command('history <sql>')
    .description('ask history a read-only question, in ClickHouse SQL')
    .option('--data <dir>', 'the data folder to read')
    .option('--json', 'one JSON object per line')
    .action(async (sql: string, flags: HistoryFlags) => {
      const dataDir = resolveDataDir(flags.data);
      if (!existsSync(dataDir)) throw new UserError(`there is no history in ${dataDir}: run \`countersign up\` first, or name the folder with --data`);
      const rows = await withHistory(dataDir, (store) => store.query(sql));
      for (const line of flags.json ? rows.map((row) => JSON.stringify(row)) : table(rows)) process.stdout.write(`${line}\n`);
    });
}

function table(rows: readonly HistoryRow[]): readonly string[] {
  const first = rows[0];
  if (!first) return ['(no rows)'];
  const names = Object.keys(first);
  const cells = [names, ...rows.map((row) => names.map((name) => cell(row[name])))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}

function cell(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
