/** Memory of a browser's processes, from /proc. */
import { EXTENSION_PROCESS, familyOf, RENDERER, readProc } from './processes.ts';

/** Bytes of a process that are its own: not backed by a file, its part of what it shares. 0 of one that has ended. */
function ownBytes(pid: string): number {
  const rollup = readProc(`${pid}/smaps_rollup`) ?? '';
  const kib = [...rollup.matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm)].map(([, count]) => Number(count));
  return kib.reduce((sum, count) => sum + count, 0) * 1_024;
}

/** Bytes in use by part of a browser. */
export interface Memory {
  pages: number;
  background: number;
  browser: number;
}

/** Makes what reads the memory of a browser whose processes stay the same: its pages, its background, its main process. */
export function createMemoryReader(pid: number): () => Memory {
  const background = familyOf(pid, EXTENSION_PROCESS);
  const pages = familyOf(pid, RENDERER).filter((member) => !background.includes(member));
  const sum = (members: readonly string[]): number => members.map(ownBytes).reduce((a, b) => a + b, 0);
  return () => ({ pages: sum(pages), background: sum(background), browser: ownBytes(String(pid)) });
}
