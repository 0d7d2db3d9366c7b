/**
 * Runs what has not run. The engine has no transactions, so each statement of a migration must be repeatable
 * (`IF NOT EXISTS`): after a crash between statement and mark, the migration runs again from its start.
 * MG1. Numbers are 1, 2, 3 …; a gap, a repeated number or a changed text is refused before anything runs.
 * MG2. History that knows more migrations than this program is left as it is: a newer component made it.
 */
import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Migration } from '@countersign/history';

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly digest: string;
}

/** A migration that may not run; the sentence says which and why. Nothing was changed. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

export async function migrateHistory(client: ClickHouseClient, migrations: readonly Migration[]): Promise<void> {
  await client.command({ query: migrationsTable });
  const result = await client.query({ query: 'SELECT number, any(name) AS name, any(digest) AS digest FROM migrations GROUP BY number ORDER BY number', format: 'JSONEachRow' });
  const pending = pendingMigrations(migrations, await result.json<Applied>());
  for (const migration of pending) await run(client, migration);
}

/** @returns those still to run, in order. @throws MigrationRefused. */
export function pendingMigrations(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  const wrong = migrations.findIndex(({ number }, index) => number !== index + 1);
  if (wrong !== -1) throw new MigrationRefused(`migration ${migrations[wrong]?.number} stands where ${wrong + 1} is expected. History was not changed; number migrations 1, 2, 3 … without a gap.`);
  for (const [index, { number, name, digest }] of applied.entries()) {
    if (number !== index + 1) throw new MigrationRefused(`history has run migration ${number} but not ${index + 1}. It was not changed; it may be another program's database.`);
    const known = migrations[index];
    if (known !== undefined && digestOf(known) !== digest) {
      throw new MigrationRefused(`migration ${number} (${known.name}) is not the one that ran here as "${name}". History was not changed; restore its text and add a new migration instead.`);
    }
  }
  return migrations.slice(applied.length);
}

async function run(client: ClickHouseClient, migration: Migration): Promise<void> {
  for (const query of statements(migration.sql)) await client.command({ query });
  const { number, name } = migration;
  await client.insert({ table: 'migrations', values: [{ number, name, digest: digestOf(migration) }], format: 'JSONEachRow' });
}

/** Statements end with a semicolon at the end of a line. */
function statements(sql: string): readonly string[] {
  return sql.split(/;[ \t]*(?:\n|$)/).map((statement) => statement.trim()).filter((statement) => statement !== '');
}

function digestOf({ name, sql }: Migration): string {
  return createHash('sha256').update(`${name}\n${sql}`).digest('hex');
}

const migrationsTable = `CREATE TABLE IF NOT EXISTS migrations (
  number UInt32, name String, digest String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = MergeTree ORDER BY number`;
