import { storage } from 'wxt/utils/storage';
import { parseSettings, type Settings } from './settings';

/** Raised when stored settings need rewriting; each version brings a migration. */
const SETTINGS_VERSION = 1;

export interface SettingsStore {
  /** As of now. Never rejects: where storage is refused or holds nonsense the defaults stand in, and nothing is overwritten. */
  read(): Promise<Settings>;
  /** Returns what ends the watch. */
  onChange(listener: () => void): () => void;
}

export function createSettingsStore(defaults: Settings): SettingsStore {
  const item = storage.defineItem<unknown>('local:settings', { version: SETTINGS_VERSION, fallback: null });

  return {
    async read() {
      try {
        const stored = await item.getValue();
        if (stored === null) return defaults;
        const parsed = parseSettings(stored);
        if (parsed.ok) return parsed.settings;
        console.warn(`Cannot use the stored settings: ${parsed.reason}`);
      } catch (error) {
        console.warn('Cannot read the settings: storage refuses', error);
      }
      return defaults;
    },
    onChange: (listener) => item.watch(listener),
  };
}
