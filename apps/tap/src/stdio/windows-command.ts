/**
 * How a command is started on Windows without a shell of our own making: programs directly, `.cmd` and `.bat` files (npx is one)
 * through `cmd.exe` with every argument quoted, because Node refuses to start those otherwise.
 * Not run on a Windows machine; the quoting rules are those of `CommandLineToArgvW` and of `cmd.exe`'s caret.
 */
import { existsSync } from 'node:fs';
import { win32 } from 'node:path';

export interface StartableCommand {
  readonly file: string;
  readonly argv: readonly string[];
  readonly isVerbatim: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function windowsCommand(command: string, args: readonly string[], env: Environment): StartableCommand {
  const found = located(command, env) ?? command;
  if (!/\.(cmd|bat)$/i.test(found)) return { file: found, argv: args, isVerbatim: false };
  const line = [escapedWord(found), ...args.map((arg) => escapedArgument(arg))].join(' ');
  return { file: env['ComSpec'] ?? env['COMSPEC'] ?? 'cmd.exe', argv: ['/d', '/s', '/c', `"${line}"`], isVerbatim: true };
}

function located(command: string, env: Environment): string | undefined {
  const endings = win32.extname(command) === '' ? (env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';') : [''];
  const folders = /[\\/]/.test(command) ? [''] : (env['Path'] ?? env['PATH'] ?? '').split(';');
  for (const folder of folders) {
    for (const ending of endings) {
      const file = folder === '' ? `${command}${ending}` : win32.join(folder, `${command}${ending}`);
      if (existsSync(file)) return file;
    }
  }
  return undefined;
}

const special = /([()\][%!^"`<>&|;, *?])/g;

function escapedWord(word: string): string {
  return word.replace(special, '^$1');
}

/** Quoted for the program, then twice for `cmd.exe`: a batch file's own `%*` is read a second time. */
function escapedArgument(argument: string): string {
  const quoted = `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`;
  return escapedWord(escapedWord(quoted));
}
