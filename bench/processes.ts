/** The processes of a browser, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** The argument that the process of an extension's background has. */
export const EXTENSION_PROCESS = '--extension-process';
/** The argument that the process of a page has, and that of an extension's background as well. */
export const RENDERER = '--type=renderer';

/** The text of a file under /proc; `null` when what it tells of has ended. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return null;
  }
}

/** The names in a folder under /proc; none when what it tells of has ended. */
export function listProc(path: string): string[] {
  try {
    return readdirSync(`/proc/${path}`);
  } catch {
    return [];
  }
}

function parentOf(pid: string): string {
  const stat = readProc(`${pid}/stat`) ?? '';
  // The name before it may hold anything, also brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
}

const hasArgument = (pid: string, argument: string): boolean =>
  (readProc(`${pid}/cmdline`) ?? '').split(/[\0 ]/).includes(argument);

/** A process and all its descendants, or those of them whose command line has the argument `kind`. */
export function familyOf(pid: number, kind?: string): string[] {
  const parents = new Map(
    listProc('').flatMap((name) => (/^\d+$/.test(name) ? [[name, parentOf(name)] as const] : [])),
  );
  const family = new Set([String(pid)]);
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.add(child);
  }
  return [...family].filter((member) => kind === undefined || hasArgument(member, kind));
}
