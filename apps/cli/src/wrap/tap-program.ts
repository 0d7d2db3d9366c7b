/** How a client should start Countersign: by its name where every program finds it, else by the runtime and the program's own file. */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const programFile = fileURLToPath(new URL('../../bin/countersign.js', import.meta.url));

export interface ProgramPlace {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execPath: string;
  readonly programFile: string;
  /** For clients that do not get the PATH of the user's shell. */
  readonly isFullPathWanted?: boolean;
}

/** On Windows always by file: a `.cmd` on PATH is not started by clients that use no shell. */
export function tapProgram({ platform, env, execPath, programFile: file, isFullPathWanted = false }: ProgramPlace): readonly string[] {
  return !isFullPathWanted && platform !== 'win32' && isOnPath('countersign', env) ? ['countersign'] : [execPath, file];
}

/** npx puts its own folders in front of PATH while it runs; a client will not have them. */
function isOnPath(name: string, env: ProgramPlace['env']): boolean {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder) && !/[\\/]node_modules[\\/]\.bin[\\/]?$/.test(folder));
  return folders.some((folder) => isExecutable(join(folder, name)));
}

/** Can this word be started: a path that is there, or a name found in the environment's folders? */
export function isStartable(command: string, { platform, env, cwd }: { readonly platform: NodeJS.Platform; readonly env: ProgramPlace['env']; readonly cwd: string }): boolean {
  const endings = platform === 'win32' ? ['', ...(env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';')] : [''];
  const folders = /[\\/]/.test(command) ? [isAbsolute(command) ? '' : cwd] : (env['PATH'] ?? env['Path'] ?? '').split(delimiter);
  return folders.some((folder) => endings.some((ending) => isExecutable(folder === '' ? `${command}${ending}` : join(folder, `${command}${ending}`))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Absent, a folder we may not enter, not executable: it cannot be started in any case.
    return false;
  }
}
