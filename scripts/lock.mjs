/**
 * Keeps two runs in one working copy from writing the same files: a lock is a directory in `.tmp/locks`, which only one
 * process can create. Its owner touches it every second, so one left by a killed process is taken over after ten.
 * Runs on Node 18 with nothing installed.
 */
import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LOCKS = join(dirname(fileURLToPath(import.meta.url)), '..', '.tmp', 'locks');
const TOUCH_EVERY_MS = 1_000;
const ABANDONED_AFTER_MS = 10_000;

/** Age of the lock in ms, or `null` when it is free. */
function ageMs(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : Date.now() - stats.mtimeMs;
}

function create(path) {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moved away before it is removed: of two processes that both find it abandoned, one rename succeeds. */
function takeOver(path) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/**
 * Runs `work` while no other process of this working copy holds the lock `name`; waits for as long as it takes.
 *
 * @template Result
 * @param {string} name a file name
 * @param {() => Result | Promise<Result>} work
 * @param {() => void} [onWait] called once if another process holds the lock
 * @returns {Promise<Result>}
 */
export async function withLock(name, work, onWait = () => {}) {
  const path = join(LOCKS, name);
  mkdirSync(LOCKS, { recursive: true });
  let waited = false;
  while (!create(path)) {
    const age = ageMs(path);
    if (age !== null && age > ABANDONED_AFTER_MS) {
      takeOver(path);
      continue;
    }
    if (!waited) onWait();
    waited = true;
    await sleep(200);
  }
  const release = () => rmSync(path, { recursive: true, force: true });
  const touch = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch (error) {
      // Removed by hand, or taken over while this process was suspended: there is nothing left to keep.
      if (error.code !== 'ENOENT') throw error;
    }
  }, TOUCH_EVERY_MS);
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    process.off('exit', release);
    release();
  }
}
