/** CPU time of a browser, from /proc: to the nanosecond, where `stat` counts in hundredths of a second. */
import { familyOf, listProc, readProc } from './processes.ts';

/** Nanoseconds on a processor, by thread. */
export type CpuTimes = ReadonlyMap<string, number>;

/**
 * Reads what a process and its descendants have used. With `kind` only those whose command line has this argument.
 * @throws {Error} when the system does not tell
 */
export function readCpuTimes(pid: number, kind?: string): CpuTimes {
  const times = new Map<string, number>();
  for (const member of familyOf(pid, kind)) {
    for (const thread of listProc(`${member}/task`)) {
      const stat = readProc(`${member}/task/${thread}/schedstat`);
      if (stat !== null) times.set(`${member}/${thread}`, Number(stat.split(' ')[0]));
    }
  }
  if (times.size === 0) throw new Error(`Cannot read the CPU time of "${pid}": the system has no /proc with schedstat`);
  return times;
}

/** What was used between two readings, in ms. Of a thread that ended between them it is not known. */
export function cpuMs(before: CpuTimes, after: CpuTimes): number {
  let sum = 0;
  for (const [thread, time] of after) sum += time - (before.get(thread) ?? 0);
  return sum / 1_000_000;
}
