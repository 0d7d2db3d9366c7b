/** What the system says of a running process, from `/proc`; undefined where there is none. */
import { readdirSync, readFileSync } from 'node:fs';

const pageBytes = 4096;
const tickMs = 10;

/** Resident memory, MB. */
export function residentMbOf(pid: number | undefined): number | undefined {
  const pages = Number(read(`/proc/${pid}/statm`)?.split(' ')[1]);
  return Number.isFinite(pages) ? (pages * pageBytes) / 1e6 : undefined;
}

/** CPU time since its start, its own and the kernel's for it, ms; in steps of 10. */
export function cpuMsOf(pid: number | undefined): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Processes with this text in their command line, zombies left out; undefined where the system does not say. */
export function processesWith(mark: string): number | undefined {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    return pids.filter((pid) => read(`/proc/${pid}/cmdline`)?.includes(mark) === true).length;
  } catch {
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
