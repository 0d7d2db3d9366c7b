/** `countersign recall <id>`: everything that carried the values of a source, or (`--ancestors`) where a call's values came from. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { CarryingCall, Reached, Recall } from '@countersign/history';
import { resolveDataDir } from '../data-dir.js';
import { UserError } from '../user-error.js';
import { withHistory } from '../with-history.js';

interface RecallFlags {
  readonly data?: string;
  readonly json?: boolean;
  readonly ancestors?: boolean;
}

export function registerRecall(program: Command): void {
  program
    .command('recall <id>')
    .description('every later call that carried values of a source (id of an observation or a call): who made it, in which session, was it executed')
    .option('--ancestors', 'the other way: where the values of a call came from')
    .option('--data <dir>', 'the data folder to read')
    .option('--json', 'print JSON')
    .action(recall);
}

async function recall(id: string, flags: RecallFlags): Promise<void> {
  const dataDir = resolveDataDir(flags.data);
  if (!existsSync(dataDir)) throw new UserError(`there is no history in ${dataDir}: run \`countersign up\` first, or name the folder with --data`);
  const { ancestorsOf, descendantsOf } = await import('@countersign/history');
  const found = await withHistory(dataDir, (store) => (flags.ancestors ? ancestorsOf(store, id) : descendantsOf(store, id)));
  if (found.asked.length === 0) throw new UserError(`history knows no observation and no call "${id}"; \`countersign history "SELECT id, call_id, tool FROM observations ORDER BY at DESC LIMIT 20"\` lists the latest`);
  process.stdout.write(flags.json ? `${JSON.stringify(found)}\n` : `${(flags.ancestors ? shownAncestors(found) : shownDescendants(id, found)).join('\n')}\n`);
}

function shownDescendants(id: string, { calls, reached, cutOff }: Recall): readonly string[] {
  const executed = calls.filter((call) => call.executed);
  const agents = new Set(calls.map(({ agent }) => agent));
  return [
    `${calls.length} calls of ${agents.size} agents carried values of ${id}; ${executed.length} were executed. ${reached.length - calls.length} texts repeat it.`,
    ...calls.map(callLine),
    ...(cutOff ? ['There is more: the answer was cut off at its bounds.'] : []),
    ...(calls.length === 0 ? [] : [`To condemn it: add "${id}" under \`recalled\` in the policy. Calls that carry its values are then denied, and what its sessions taught is taken back.`]),
  ];
}

function callLine({ at, agent, session, server, tool, callId, executed, verdict, steps }: CarryingCall): string {
  return `${at}  ${executed ? 'executed' : 'stopped '}  ${agent}  ${server}/${tool}  ${callId}  session ${session}  ${verdict === '' ? 'no verdict' : verdict}, ${steps} ${steps === 1 ? 'step' : 'steps'} away`;
}

function shownAncestors({ reached, cutOff }: Recall): readonly string[] {
  if (reached.length === 0) return ['Nothing that was read before holds a value of it.'];
  return [...reached.map(sourceLine), ...(cutOff ? ['There is more: the answer was cut off at its bounds.'] : [])];
}

function sourceLine({ at, agent, server, tool, phase, id, steps, via }: Reached): string {
  return `${at}  ${phase === 'request' ? 'written by' : 'read by'} ${agent}  ${server}/${tool}  ${id}  ${via.path}  ${via.note}, ${steps} ${steps === 1 ? 'step' : 'steps'} back`;
}
