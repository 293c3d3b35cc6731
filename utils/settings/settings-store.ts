import { type ParsedSettings, parseSettings, type Settings } from './settings';
import type { SettingsDatabase, SettingsRecord } from './settings-database';
import { emptyLocalStorage, takeOverLocalStorage } from './take-over';

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
  /**
   * Replaces the settings by those that `x` holds; what does not parse is refused with the reason. Settings in the database
   * that do not parse are kept aside. Rejects where the browser refuses.
   */
  save(x: unknown): Promise<ParsedSettings>;
}

/** Settings in IndexedDB, for the background alone. At the very first use it takes over those of earlier versions. */
export function createSettingsStore(defaults: Settings, database: SettingsDatabase): SettingsStore {
  const load = async (): Promise<SettingsRecord> => {
    const found = await database.use((open) => open.get('settings', 'current'));
    const record = found ?? (await takeOverLocalStorage(database));
    if (!record.isLocalEmpty) await emptyLocalStorage(database);
    return record;
  };

  return {
    async read() {
      try {
        const { settings: stored } = await load();
        if (stored === null) return { settings: defaults, isStandIn: false };
        const parsed = parseSettings(stored);
        if (parsed.ok) return { settings: parsed.settings, isStandIn: false };
        console.warn(`Cannot use the stored settings: ${parsed.reason}`);
      } catch (error) {
        console.warn('Cannot read the settings: storage refuses', error);
      }
      return { settings: defaults, isStandIn: true };
    },
    async save(x) {
      const parsed = parseSettings(x);
      if (!parsed.ok) return parsed;
      await load();
      await database.use(async (open) => {
        const transaction = open.transaction(['settings', 'aside'], 'readwrite', { durability: 'strict' });
        const settings = transaction.objectStore('settings');
        const before = await settings.get('current');
        const isLost = before !== undefined && before.settings !== null && !parseSettings(before.settings).ok;
        await Promise.all([
          isLost && transaction.objectStore('aside').add({ at: before.at, settings: before.settings }),
          settings.put({ isLocalEmpty: false, ...before, at: Date.now(), settings: parsed.settings }, 'current'),
          transaction.done,
        ]);
      });
      return parsed;
    },
  };
}
