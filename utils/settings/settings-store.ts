import { browser } from 'wxt/browser';
import { parseSettings, type Settings } from './settings';

const KEY = 'settings';

/**
 * `isStandIn`: the defaults, because what is stored cannot be read or does not parse. Nothing may be removed on their word:
 * the person's own settings may be back next time.
 */
export interface StoredSettings {
  settings: Settings;
  isStandIn: boolean;
}

export interface SettingsStore {
  /** As of now. Never rejects, and overwrites nothing. */
  read(): Promise<StoredSettings>;
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
      if (stored === undefined) return { settings: defaults, isStandIn: false };
      const parsed = parseSettings(stored);
      if (parsed.ok) return { settings: parsed.settings, isStandIn: false };
      console.warn(`Cannot use the stored settings: ${parsed.reason}`);
    } catch (error) {
      console.warn('Cannot read the settings: storage refuses', error);
    }
    return { settings: defaults, isStandIn: true };
  },
  onChange(listener) {
    const onChanged = (changes: Record<string, unknown>, area: string): void => {
      if (area === 'local' && Object.hasOwn(changes, KEY)) listener();
    };
    browser.storage.onChanged.addListener(onChanged);
    return () => browser.storage.onChanged.removeListener(onChanged);
  },
});
