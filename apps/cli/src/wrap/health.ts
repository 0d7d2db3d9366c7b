/**
 * What stands in front of each server that clients know, and what is wrong with it. Pure: what the machine says comes in as answers.
 * HE1. A server without a tap is no fault but is always listed: it is what Countersign does not see.
 */
import { createHash } from 'node:crypto';
import { commandLine, isOnThisMachine } from './entry-lines.js';
import type { EntryReport } from './edit-text.js';
import { hidden } from './secrets.js';
import type { TapCommand } from './tap-words.js';

export interface ServerHealth {
  readonly client: string;
  readonly file: string;
  readonly server: string;
  readonly state: 'wrapped' | 'not wrapped' | 'remote' | 'on this machine' | 'inside the client';
  /** The server's own command or URL, secrets hidden. */
  readonly reaches: string;
  /** Words that start the tap. */
  readonly program?: string;
  readonly agent?: string;
  readonly role?: string;
  /** Has a tap of this entry ever been welcomed by the gate of this data folder? */
  readonly isEnrolled?: boolean;
  /** What needs a hand; empty when nothing does. */
  readonly problems: readonly string[];
}

export interface Answers {
  readonly client: string;
  readonly file: string;
  readonly dataDir: string;
  readonly enrolledTapIds: readonly string[];
  isStartable(command: string): boolean;
  isThere(file: string): boolean;
}

export function serverHealth(entry: EntryReport, answers: Answers): ServerHealth {
  const { client, file } = answers;
  const base = { client, file, server: entry.name, problems: [] };
  const shown = (text: string): string => hidden(text, entry.privateValues);
  switch (entry.state) {
    case 'already':
      return { ...base, ...wrappedHealth(entry.tap, answers), reaches: shown(commandLine(entry.tap.inner)) };
    case 'wrapped':
    case 'unwrapped':
      return { ...base, state: 'not wrapped', reaches: shown(commandLine(entry.before)) };
    case 'bare':
      return { ...base, state: 'not wrapped', reaches: shown(commandLine(entry.words)), problems: commandProblems(entry.words, answers) };
    case 'remote':
      return { ...base, state: isOnThisMachine(entry.url) ? 'on this machine' : 'remote', reaches: shown(entry.url) };
    case 'other':
      return { ...base, state: 'inside the client', reaches: entry.why };
  }
}

function wrappedHealth(tap: TapCommand, answers: Answers): Pick<ServerHealth, 'state' | 'problems' | 'program' | 'agent' | 'role' | 'isEnrolled'> {
  const { server, agent = 'agent', role = 'agent', program, dataDir } = tap;
  const isEnrolled = server !== undefined && answers.enrolledTapIds.some((id) => id.startsWith(`${tapIdBase([server, agent, role, 'stdio'])}-`));
  const elsewhere = dataDir !== undefined && dataDir !== answers.dataDir ? [`its tap reports to ${dataDir}, not to ${answers.dataDir}`] : [];
  return { state: 'wrapped', program: commandLine(program), agent, role, isEnrolled, problems: [...programProblems(program, answers), ...commandProblems(tap.inner, answers), ...elsewhere] };
}

/** The tap's own rule for its id, without the slot. */
function tapIdBase(identity: readonly [string, string, string, 'stdio' | 'http']): string {
  return createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, 16);
}

function programProblems([start = '', ...rest]: readonly string[], { isStartable, isThere }: Answers): readonly string[] {
  const gone = [...(isStartable(start) ? [] : [start]), ...rest.filter((word) => /[\\/]/.test(word) && !isThere(word))];
  return gone.length === 0 ? [] : [`stale: ${gone.join(' and ')} ${gone.length === 1 ? 'is' : 'are'} gone, so the server cannot start; \`countersign unwrap\`, then \`countersign wrap\``];
}

/** Placeholders are filled in by the client and cannot be looked for. */
function commandProblems([command]: readonly string[], { isStartable }: Answers): readonly string[] {
  return command === undefined || command.includes('${') || isStartable(command) ? [] : [`its command ${command} is not found`];
}
