import { getuid } from 'node:process';

let isSaid = false;

/** What a Chromium without its sandbox is told to the person. */
export const NO_SANDBOX_NOTE =
  'Chromium runs without its sandbox: this is root, and Chromium refuses to start with its sandbox as root. ' +
  'Open only pages you trust in it, or run this as another user';

/**
 * The arguments that Chromium needs for its sandbox: `--no-sandbox` as root, else none. The first time in a process the person
 * is told on stderr.
 * @param say default: stderr, once a process
 */
export function sandboxArgs(uid = getuid?.(), say: (line: string) => void = sayOnce): string[] {
  // [chrome] refuses to run as root with its sandbox.
  if (uid !== 0) return [];
  say(NO_SANDBOX_NOTE);
  return ['--no-sandbox'];
}

function sayOnce(line: string): void {
  if (isSaid) return;
  isSaid = true;
  console.warn(line);
}
