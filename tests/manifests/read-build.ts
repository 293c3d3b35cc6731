import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/run-command.ts';

/** A build of Tidings in .output, as the browser would load it. */
export interface Build {
  manifest: Record<string, unknown>;
  /** Paths of its files, from its folder. */
  files: string[];
  read(path: string): Buffer;
}

/** Reads a build by the name of its folder. @throws {Error} when it is not there */
export function readBuild(name: string): Build {
  const folder = join(ROOT, '.output', name);
  if (!existsSync(join(folder, 'manifest.json')))
    throw new Error(`Cannot test "${folder}": build it first, with npm test`);
  const read = (path: string): Buffer => readFileSync(join(folder, path));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return {
    manifest: JSON.parse(read('manifest.json').toString()) as Record<string, unknown>,
    files: entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)),
    read,
  };
}
