import { browser } from 'wxt/browser';
import { parseSettings, type Settings } from './settings';

const KEY = 'settings';

export interface SettingsStore {
  /** As of now. Never rejects: where storage is refused or holds nonsense the defaults stand in, and nothing is overwritten. */
  read(): Promise<Settings>;
  /** Returns what ends the watch. */
  onChange(listener: () => void): () => void;
}

/**
 * Settings in `storage.local`. Not through `@wxt-dev/storage`: where storage is refused it leaves a rejection that
 * nobody can catch, and the version belongs inside, where an exported file has it too.
 */
export const createSettingsStore = (defaults: Settings): SettingsStore => ({
  async read() {
    try {
      const { [KEY]: stored } = await browser.storage.local.get(KEY);
      if (stored === undefined) return defaults;
      const parsed = parseSettings(stored);
      if (parsed.ok) return parsed.settings;
      console.warn(`Cannot use the stored settings: ${parsed.reason}`);
    } catch (error) {
      console.warn('Cannot read the settings: storage refuses', error);
    }
    return defaults;
  },
  onChange(listener) {
    const onChanged = (changes: Record<string, unknown>, area: string): void => {
      if (area === 'local' && Object.hasOwn(changes, KEY)) listener();
    };
    browser.storage.onChanged.addListener(onChanged);
    return () => browser.storage.onChanged.removeListener(onChanged);
  },
});
