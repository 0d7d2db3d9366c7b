/** What the system says of a running process, from `/proc`; undefined where there is none. */
import { readdirSync, readFileSync } from 'node:fs';

const pageBytes = 4096;

/** Resident memory, MB. */
export function residentMbOf(pid: number | undefined): number | undefined {
  const pages = Number(read(`/proc/${pid}/statm`)?.split(' ')[1]);
  return Number.isFinite(pages) ? (pages * pageBytes) / 1e6 : undefined;
}

/** CPU time of its living threads since their start, in the kernel's nanoseconds, as ms. Exact where `utime` counts ticks of 10 ms. */
export function cpuMsOf(pid: number | undefined): number | undefined {
  const tasks = `/proc/${pid}/task`;
  try {
    const nanoseconds = readdirSync(tasks).map((task) => Number(read(`${tasks}/${task}/schedstat`)?.split(' ')[0] ?? 0));
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
  } catch {
    return undefined;
  }
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
