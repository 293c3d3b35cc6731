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
   * that do not parse, or could not be read just now, are kept aside. Rejects where the browser refuses.
   */
  save(x: unknown): Promise<ParsedSettings>;
  /**
   * Takes over what earlier versions left in `storage.local`; to be called only after an update from one of them. Resolves
   * with whether there was anything. Rejects where the browser refuses: {@link SettingsStore.read} then tries again.
   */
  takeOver(): Promise<boolean>;
}

/** Settings in IndexedDB, for the background alone. */
export function createSettingsStore(defaults: Settings, database: SettingsDatabase): SettingsStore {
  let mustTakeOver = false;
  /** The last reading failed: who saves now has not seen what is stored. */
  let isUnseen = false;

  const tryTakeOver = async (): Promise<boolean> => {
    const isTaken = await takeOverLocalStorage(database);
    mustTakeOver = false;
    if (isTaken) await emptyLocalStorage(database);
    return isTaken;
  };
  /** The first record. It leaves `storage.local` as it is: the browser may still tell of an update. */
  const begin = (): Promise<SettingsRecord> =>
    database.use(async (open) => {
      const { store, done } = open.transaction('settings', 'readwrite', { durability: 'strict' });
      const first = (await store.get('current')) ?? { at: Date.now(), settings: null, isLocalEmpty: false };
      await Promise.all([store.put(first, 'current'), done]);
      return first;
    });
  const load = async (): Promise<SettingsRecord> => {
    if (mustTakeOver) await tryTakeOver();
    const found = await database.use((open) => open.get('settings', 'current'));
    if (!found) return begin();
    if (!found.isLocalEmpty) await emptyLocalStorage(database);
    return found;
  };

  return {
    async read() {
      try {
        const { settings: stored } = await load();
        isUnseen = false;
        if (stored === null) return { settings: defaults, isStandIn: false };
        const parsed = parseSettings(stored);
        if (parsed.ok) return { settings: parsed.settings, isStandIn: false };
        console.warn(`Cannot use the stored settings: ${parsed.reason}`);
      } catch (error) {
        isUnseen = true;
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
        const isStored = before !== undefined && before.settings !== null;
        const isLost = isStored && (isUnseen || !parseSettings(before.settings).ok);
        await Promise.all([
          isLost && transaction.objectStore('aside').add({ at: before.at, settings: before.settings }),
          settings.put({ isLocalEmpty: false, ...before, at: Date.now(), settings: parsed.settings }, 'current'),
          transaction.done,
        ]);
      });
      isUnseen = false;
      return parsed;
    },
    takeOver() {
      mustTakeOver = true;
      return tryTakeOver();
    },
  };
}
