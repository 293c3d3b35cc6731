import type { StoredSettings } from './settings-store';

/** Shortest time between two readings while others stand in for the settings, in ms. */
export const READ_AGAIN_MS = 10_000;

export interface SettingsFollower {
  /** What is in force, taken up. Reads again what stands in. Never rejects as long as what takes it up does not. */
  current(): Promise<StoredSettings>;
  /** Reads the settings and takes them up again: they were changed. */
  reread(): Promise<StoredSettings>;
}

/**
 * Reads the settings when they are first asked for, and again after each change. As long as others stand in for them, it
 * reads again when it is asked, every {@link READ_AGAIN_MS} at most.
 * @param read the settings as of now; must not reject
 * @param takeUp sets everything up for them, never two at once. Stand-ins are not taken up a second time
 * @param uptime a clock that is never set, in ms
 */
export function createSettingsFollower(
  read: () => Promise<StoredSettings>,
  takeUp: (stored: StoredSettings) => Promise<void> | void,
  uptime: () => number,
): SettingsFollower {
  let latest: Promise<StoredSettings> | null = null;
  /** When stand-ins were read; `null` where none are in force, or they are being read again. */
  let standInSince: number | null = null;

  const load = (before: Promise<StoredSettings | null>): Promise<StoredSettings> =>
    before.then(async (inForce) => {
      const stored = await read();
      if (!stored.isStandIn || !inForce?.isStandIn) await takeUp(stored);
      standInSince = stored.isStandIn ? uptime() : null;
      return stored;
    });
  const current = (): Promise<StoredSettings> => {
    if (standInSince !== null && uptime() - standInSince >= READ_AGAIN_MS) {
      standInSince = null;
      latest = load(latest ?? Promise.resolve(null));
    }
    return (latest ??= load(Promise.resolve(null)));
  };

  return {
    current,
    reread: () => (latest = load(current())),
  };
}
