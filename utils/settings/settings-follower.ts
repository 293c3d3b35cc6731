import type { Settings } from './settings';
import type { StoredSettings } from './settings-store';

export interface SettingsFollower {
  /** The settings in force, taken up. Never rejects as long as what takes them up does not. */
  current(): Promise<Settings>;
  /** Reads and takes them up again: they were changed. */
  reread(): Promise<Settings>;
}

/**
 * Reads the settings when they are first asked for, and again after each change.
 * @param read the settings as of now; must not reject
 * @param takeUp sets everything up for them, once for each reading and never two at once
 */
export function createSettingsFollower(
  read: () => Promise<StoredSettings>,
  takeUp: (stored: StoredSettings) => Promise<void> | void,
): SettingsFollower {
  let latest: Promise<Settings> | null = null;

  const load = (before: Promise<unknown>): Promise<Settings> =>
    before.then(async () => {
      const stored = await read();
      await takeUp(stored);
      return stored.settings;
    });
  const current = (): Promise<Settings> => (latest ??= load(Promise.resolve()));

  return {
    current,
    reread: () => (latest = load(current())),
  };
}
