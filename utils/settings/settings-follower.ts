import type { Settings } from './settings';
import type { SettingsStore, StoredSettings } from './settings-store';

export interface SettingsFollower {
  /** The settings in force, taken up. Never rejects as long as what takes them up does not. */
  current(): Promise<Settings>;
  /** Takes up each change from now on, and calls `onTaken` after it. Returns what ends it. */
  follow(onTaken: (settings: Settings) => void): () => void;
}

/**
 * Reads the settings when they are first asked for, and again after each change.
 * @param takeUp sets everything up for them, once for each reading and never two at once
 */
export function createSettingsFollower(
  store: SettingsStore,
  takeUp: (stored: StoredSettings) => Promise<void> | void,
): SettingsFollower {
  let latest: Promise<Settings> | null = null;

  const load = (before: Promise<unknown>): Promise<Settings> =>
    before.then(async () => {
      const stored = await store.read();
      await takeUp(stored);
      return stored.settings;
    });
  const current = (): Promise<Settings> => (latest ??= load(Promise.resolve()));

  return {
    current,
    follow: (onTaken) =>
      store.onChange(() => {
        latest = load(current());
        void latest.then(onTaken);
      }),
  };
}
