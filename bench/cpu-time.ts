/** CPU time of a browser, from /proc: to the nanosecond, where `stat` counts in hundredths of a second. */
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds on a processor, by thread. */
export type CpuTimes = ReadonlyMap<string, number>;

/** The text of a file in /proc; `null` when what it tells of has ended. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function parentOf(pid: string): string {
  const stat = read(`/proc/${pid}/stat`) ?? '';
  // The name before it may hold anything, also brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
}

/** A process and all its descendants. */
function familyOf(pid: string): Set<string> {
  const parents = new Map(
    list('/proc').flatMap((name) => (/^\d+$/.test(name) ? [[name, parentOf(name)] as const] : [])),
  );
  const family = new Set([pid]);
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.add(child);
  }
  return family;
}

/**
 * Reads what a process and its descendants have used.
 * @throws {Error} when the system does not tell
 */
export function readCpuTimes(pid: number): CpuTimes {
  const times = new Map<string, number>();
  for (const member of familyOf(String(pid))) {
    for (const thread of list(`/proc/${member}/task`)) {
      const stat = read(`/proc/${member}/task/${thread}/schedstat`);
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
