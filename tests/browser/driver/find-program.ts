import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';

const PROGRAMS = {
  chromium: {
    title: 'Chromium',
    names: ['chromium', 'chromium-browser'],
    variable: 'TIDINGS_CHROMIUM',
    debian: 'chromium',
  },
  firefox: { title: 'Firefox', names: ['firefox-esr', 'firefox'], variable: 'TIDINGS_FIREFOX', debian: 'firefox-esr' },
} as const;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Path of the browser: what the variable TIDINGS_CHROMIUM or TIDINGS_FIREFOX names, or the first of its usual names on the PATH.
 * @throws {Error} when there is none; says what to install
 */
export function findProgram(browser: keyof typeof PROGRAMS): string {
  const { title, names, variable, debian } = PROGRAMS[browser];
  const named = env[variable];
  const folders = (env['PATH'] ?? '').split(delimiter);
  const candidates = named ? [named] : names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isProgram);
  if (found) return found;
  const where = named ? `"${named}" is not a program` : `none of ${names.join(', ')} is on the PATH`;
  throw new Error(`Cannot start ${title}: ${where}; install it with "apt-get install ${debian}"`);
}
