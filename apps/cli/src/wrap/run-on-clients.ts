/** What `wrap` and `unwrap` share: each file is planned, shown, then written; a file that cannot be used is skipped with the reason. */
import { UserError } from '../user-error.js';
import type { Client } from './client-table.js';
import { readConfig } from './config-io.js';
import type { EntryReport } from './edit-text.js';
import { entryLines } from './entry-lines.js';
import { hidden, printable } from './secrets.js';
import { clientByContent, type Target } from './targets.js';
import { unifiedDiff } from './unified-diff.js';
import type { Job, Plan } from './wrap-file.js';

export interface Run {
  readonly targets: readonly Target[];
  readonly only: ReadonlySet<string> | undefined;
  readonly isDryRun: boolean;
  readonly write: (text: string) => void;
  agentOf(client: Client): string;
  plan(job: Pick<Job, 'config' | 'client'>): Plan | string;
  /** Is this entry worth a line? */
  shows(entry: EntryReport): boolean;
  /** The last words, said in any case. */
  closing(editedCount: number): string;
}

/** @throws UserError when a file had to be skipped or a named server is nowhere. */
export function runOnClients(run: Run): void {
  const skipped: string[] = [];
  const seen = new Set<string>();
  let editedCount = 0;
  for (const target of run.targets) {
    const outcome = runOnFile(run, target);
    if (outcome === undefined) continue;
    if (outcome.problem !== undefined) skipped.push(`${target.file}: ${outcome.problem}`);
    for (const { name } of outcome.entries) seen.add(name);
    editedCount += outcome.isEdited ? 1 : 0;
  }
  run.write(run.closing(editedCount));
  const absent = [...(run.only ?? [])].filter((name) => !seen.has(name));
  if (skipped.length > 0) throw new UserError(`${skipped.length} of the files ${skipped.length === 1 ? 'was' : 'were'} skipped:\n${skipped.map((line) => `  ${line}`).join('\n')}`);
  if (absent.length > 0) throw new UserError(`no client has a server named ${absent.map((name) => `"${name}"`).join(', ')}`);
}

interface Outcome {
  readonly entries: readonly EntryReport[];
  readonly isEdited: boolean;
  readonly problem?: string;
}

/** @returns undefined when the file is not there. */
function runOnFile(run: Run, target: Target): Outcome | undefined {
  const config = readConfig(target.file);
  if (config === undefined) return undefined;
  const client = target.client ?? (typeof config === 'string' ? undefined : clientByContent(config));
  if (typeof config === 'string') return { entries: [], isEdited: false, problem: config };
  if (config.text.trim() === '') return undefined;
  if (client === undefined) return { entries: [], isEdited: false, problem: 'no known client keeps its servers like this; say which it is with --client' };
  const plan = run.plan({ config, client });
  if (typeof plan === 'string') return { entries: [], isEdited: false, problem: plan };
  const shown = plan.entries.filter((entry) => run.shows(entry));
  if (shown.length > 0) run.write(head(target, client, plan));
  let remoteAt = 0;
  for (const entry of shown) {
    const lines = entryLines(entry, { agent: run.agentOf(client), remoteAt });
    remoteAt += entry.state === 'remote' ? 1 : 0;
    run.write(`${printable(lines.join('\n'))}\n`);
  }
  return { entries: plan.entries, ...applied(run, { target, plan, before: config.text }) };
}

function applied(run: Run, { target, plan, before }: { readonly target: Target; readonly plan: Plan; readonly before: string }): Omit<Outcome, 'entries'> {
  if (plan.fresh === undefined) return { isEdited: false };
  const problem = run.isDryRun ? undefined : plan.apply();
  if (problem !== undefined) return { isEdited: false, problem };
  if (run.isDryRun) run.write(printable(hidden(unifiedDiff(before, plan.fresh.toString('utf8'), target.file), plan.entries.flatMap((entry) => entry.privateValues))));
  else for (const note of plan.notes) run.write(`  ${note}\n`);
  return { isEdited: true };
}

function head({ file, scope, alsoReadBy }: Target, { title, advice }: Client, { fresh }: Plan): string {
  const also = alsoReadBy.length === 0 ? '' : `, also read by ${alsoReadBy.join(', ')}`;
  const notes = fresh === undefined ? [] : [...(advice === undefined ? [] : [advice]), ...(scope === 'project' ? ['this file may be shared with others, who need Countersign in the same place'] : [])];
  return `${title}  ${file}${also}\n${notes.map((note) => `  note         ${note}.\n`).join('')}`;
}
