/** The processor time of the history engine this process started, as Linux counts it. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** @returns seconds used so far by the child whose command line names `dir`; undefined where there is none, or no such count. */
export function engineCpuSeconds(dir: string): number | undefined {
  const pid = childNaming(dir);
  if (pid === undefined) return undefined;
  // After the command's name, which may hold anything, come the fields by number: user time is the 14th of the line, system time the 15th.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function childNaming(dir: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc').find((name) => /^\d+$/.test(name) && Number(name) !== process.pid && textOf(`/proc/${name}/cmdline`).includes(`--path=${dir}`));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // a process that ended meanwhile
  }
}
