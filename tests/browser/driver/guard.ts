import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new, empty folder for one browser. */
export const createProfile = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `tidings-${name}-`));

// Signal handlers and `exit` hooks do not run when this process is killed outright, as a test runner does with a
// worker that hangs. The shell below notices in any case: its standard input ends.
const GUARD =
  'read -r line || :; kill -s KILL -- "-$1" 2>/dev/null; [ "$line" = keep ] || rm -rf -- "$2" || { sleep 1; rm -rf -- "$2"; }';

/**
 * Ends the process group `pid` and removes `profile` when the returned function is called or this process dies.
 * `pid` must lead a group of its own. With `keepProfile` the profile stays, for the next browser.
 */
export function guard(pid: number, profile: string): (options?: { keepProfile?: boolean }) => Promise<void> {
  const shell = spawn('/bin/sh', ['-c', GUARD, 'guard', String(pid), profile], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()));
  shell.unref();
  return async ({ keepProfile = false } = {}) => {
    shell.ref();
    shell.stdin.end(keepProfile ? 'keep\n' : '');
    await ended;
    if (keepProfile) return;
    // What still ran while the shell removed the profile may have written into it again.
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
}
