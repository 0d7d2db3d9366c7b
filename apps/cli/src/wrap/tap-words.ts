/**
 * The words that put a tap in front of a command, and how they are found again.
 * TW1. Everything behind the first `--` is the server's own command, word for word.
 * TW2. Only names and folders are arguments; nothing secret ever is.
 */
export interface TapOptions {
  /** How Countersign is started: its name on PATH, or a runtime and the program's file. */
  readonly program: readonly string[];
  readonly agent: string;
  readonly role?: string;
  /** Absolute. Absent: the tap finds the user's own. */
  readonly dataDir?: string;
  /** The file the words are written to, for the record. */
  readonly configOrigin?: string;
}

/** What goes in front of the server's command, `--` included. */
export function tapWords(server: string, { program, agent, role, dataDir, configOrigin }: TapOptions): readonly string[] {
  const flags = { server, agent, role, data: dataDir, 'config-origin': configOrigin };
  return [...program, 'tap', ...Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : flagWords(name, value))), '--'];
}

/** A value that starts with a dash would be read as a flag of its own. */
function flagWords(name: string, value: string): readonly string[] {
  return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value];
}

/** A file as it stands in a tap's words: the user's name and folders stay out of files that may be shared. */
export function originOf(file: string, { home, cwd }: { readonly home: string; readonly cwd: string }): string {
  const below = (dir: string): string | undefined => (/^[\\/]./.test(file.slice(dir.length)) && file.startsWith(dir) ? file.slice(dir.length).replaceAll('\\', '/') : undefined);
  const [inCwd, inHome] = [below(cwd), below(home)];
  return inCwd !== undefined ? `.${inCwd}` : inHome !== undefined ? `~${inHome}` : file;
}

export interface TapCommand {
  /** The words that start Countersign; files among them can be looked for. */
  readonly program: readonly string[];
  readonly server?: string;
  readonly agent?: string;
  readonly role?: string;
  readonly dataDir?: string;
  /** How many words stand in front of the server's own command; undefined when there is none (`--upstream`). */
  readonly prefixWords?: number;
  readonly inner: readonly string[];
}

/** @returns undefined when these words do not start a tap of ours. */
export function parseTapWords(words: readonly string[]): TapCommand | undefined {
  const tapAt = words.indexOf('tap');
  const program = words.slice(0, tapAt);
  if (tapAt < 1 || !isCountersign(program)) return undefined;
  const split = words.indexOf('--', tapAt);
  const own = words.slice(tapAt + 1, split === -1 ? undefined : split);
  const flag = (name: string): string | undefined => {
    const at = own.indexOf(`--${name}`);
    return at === -1 ? own.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) : own[at + 1];
  };
  const found = { server: flag('server'), agent: flag('agent'), role: flag('role'), dataDir: flag('data') };
  const named = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return { program, ...named, ...(split === -1 ? {} : { prefixWords: split + 1 }), inner: split === -1 ? [] : words.slice(split + 1) };
}

const runners = /^(node|npx|bunx|pnpx|bun)$/;

function isCountersign(program: readonly string[]): boolean {
  const names = program.map((word) => (word.split(/[\\/]/).at(-1) ?? '').toLowerCase().replace(/\.(exe|cmd|ps1)$/, ''));
  const last = names.at(-1) ?? '';
  if (last !== 'countersign' && last !== 'countersign.js') return false;
  return names.length === 1 || (runners.test(names[0] ?? '') && names.slice(1, -1).every((name) => name.startsWith('-')));
}
