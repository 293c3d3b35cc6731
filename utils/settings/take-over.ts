/**
 * What versions before the database left in `storage.local`: settings and panel placements. Taken over once. The record
 * is written also when nothing was found: later anything there may come from a renderer that was taken over.
 */
import { browser } from 'wxt/browser';
import { parsePlacement } from '../ui/panel-position';
import { MAX_PLACEMENTS } from './placements';
import type { SettingsDatabase, SettingsRecord } from './settings-database';

const PLACEMENT_KEY = /^panel (?<origin>https?:\/\/\S+)$/;

/** Makes the first record of the database, and gives it, or the one that another page of the extension made meanwhile. Empties nothing. */
export async function takeOverLocalStorage(database: SettingsDatabase): Promise<SettingsRecord> {
  const { settings = null, ...left } = await browser.storage.local.get();
  const at = Date.now();
  const record: SettingsRecord = { at, settings, isLocalEmpty: false };
  const placements = Object.entries(left).flatMap(([key, kept]) => {
    const origin = PLACEMENT_KEY.exec(key)?.groups?.['origin'];
    const parsed = parsePlacement(kept);
    return origin !== undefined && parsed.ok ? [{ origin, placement: parsed.placement }] : [];
  });
  return database.use(async (open) => {
    const transaction = open.transaction(['settings', 'placements'], 'readwrite', { durability: 'strict' });
    const existing = await transaction.objectStore('settings').get('current');
    if (existing === undefined) {
      const store = transaction.objectStore('placements');
      const puts = placements
        .slice(0, MAX_PLACEMENTS)
        .map(({ origin, placement }) => store.put({ at, placement }, origin));
      await Promise.all([...puts, transaction.objectStore('settings').put(record, 'current')]);
    }
    await transaction.done;
    return existing ?? record;
  });
}

/** Empties `storage.local` and notes that; what fails is tried again at the next read. */
export async function emptyLocalStorage(database: SettingsDatabase): Promise<void> {
  try {
    await browser.storage.local.clear();
    await database.use(async (open) => {
      const transaction = open.transaction('settings', 'readwrite');
      const record = await transaction.store.get('current');
      if (record) await transaction.store.put({ ...record, isLocalEmpty: true }, 'current');
      await transaction.done;
    });
  } catch (error) {
    console.warn('Cannot empty storage.local', error);
  }
}
