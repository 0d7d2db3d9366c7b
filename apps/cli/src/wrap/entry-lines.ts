/** What is said of one entry, in a person's words. Secrets never appear. */
import type { EntryReport } from './edit-text.js';
import { hidden, secretWords } from './secrets.js';

const portFirst = 7801;

export interface Saying {
  readonly agent: string;
  /** The entry's place among the remote ones, so that suggested ports differ. */
  readonly remoteAt: number;
}

/** @returns one or more lines, indented, without line ends. */
export function entryLines(entry: EntryReport, saying: Saying): readonly string[] {
  const at = entry.path.length > 2 ? ` (${entry.path.slice(0, -2).join(' › ')})` : '';
  const lines = [`  ${stateWord(entry).padEnd(13)}${entry.name}${at}: ${sentence(entry, saying)}`];
  if (entry.state === 'wrapped' && entry.secrets.length > 0) {
    lines.push(`  ${'warning'.padEnd(13)}${entry.name}: one of its arguments looks like a secret. It stands there as before, where every process can read it; move it to the entry’s environment.`);
  }
  return lines.map((line) => hidden(line, entry.privateValues));
}

function stateWord({ state }: EntryReport): string {
  if (state === 'already') return 'as it is';
  if (state === 'wrapped' || state === 'unwrapped') return state;
  return state === 'bare' ? 'left' : 'not wrapped';
}

function sentence(entry: EntryReport, saying: Saying): string {
  switch (entry.state) {
    case 'wrapped':
    case 'unwrapped':
      return commandLine(entry.after);
    case 'already':
      return 'a tap stands in front of it';
    case 'bare':
      return commandLine(entry.words);
    case 'other':
      return `${entry.why}.`;
    case 'remote':
      return remoteSentence(entry, saying);
  }
}

function remoteSentence({ name, url, urlMember, signIn }: Extract<EntryReport, { state: 'remote' }>, { agent, remoteAt }: Saying): string {
  if (signIn !== undefined) return `refused: it signs in by OAuth (its \`${signIn}\` member), and those tokens are bound to the server’s own address; a tap in between would break the sign-in.`;
  if (!URL.canParse(url) || /[{}$]/.test(url)) return `its \`${urlMember}\` is filled in by the client, so what a tap should stand in front of cannot be told from here.`;
  const { username, pathname, search } = new URL(url);
  if (username !== '' || secretWords([url]).length > 0) return `refused: its \`${urlMember}\` carries a secret, and a tap would show it among its arguments; use a header of the entry instead.`;
  const listen = portFirst + remoteAt;
  const run = `countersign tap --server ${quoted(name)} --agent ${quoted(agent)} --upstream ${quoted(url)} --listen 127.0.0.1:${listen}`;
  const where = isOnThisMachine(url) ? 'it is reached at an address of this machine. If a tap listens there, all is done; if the server itself does,' : 'it is reached by URL, and a tap for it must keep running:';
  return `${where} start \`${run}\` and set \`${urlMember}\` to http://127.0.0.1:${listen}${pathname}${search}. Headers stay as they are. A server that asks for an OAuth sign-in cannot be reached this way.`;
}

/** Perhaps a tap of ours: what listens there cannot be told from the address. */
export function isOnThisMachine(url: string): boolean {
  return URL.canParse(url) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

export function commandLine(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
