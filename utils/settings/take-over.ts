/**
 * What versions before the database left in `storage.local`: settings and panel placements. Taken over once, after the
 * update from such a version: at any other time it may come from a renderer that was taken over, also where the database
 * was cleared.
 */
import { browser } from 'wxt/browser';
import { parsePlacement } from '../ui/panel-position';
import { MAX_PLACEMENTS } from './placements';
import type { SettingsDatabase } from './settings-database';

const PLACEMENT_KEY = /^panel (?<origin>https?:\/\/\S+)$/;

/** Versions that kept settings there. */
const LOCAL_VERSIONS: readonly string[] = ['0.1.0'];

/** Whether `runtime.onInstalled` tells of an update from such a version. No content script can cause that event. */
export const usedLocalStorage = ({ reason, previousVersion = '' }: Installed): boolean =>
  reason === 'update' && LOCAL_VERSIONS.includes(previousVersion);

/** What `runtime.onInstalled` tells. */
export interface Installed {
  reason: string;
  previousVersion?: string | undefined;
}

/** Resolves with whether anything was taken over. Replaces nothing that was saved or taken over before. Empties nothing. */
export async function takeOverLocalStorage(database: SettingsDatabase): Promise<boolean> {
  const { settings = null, ...left } = await browser.storage.local.get();
  const at = Date.now();
  const placements = Object.entries(left).flatMap(([key, kept]) => {
    const origin = PLACEMENT_KEY.exec(key)?.groups?.['origin'];
    const parsed = parsePlacement(kept);
    return origin !== undefined && parsed.ok ? [{ origin, placement: parsed.placement }] : [];
  });
  if (settings === null && placements.length === 0) return false;
  return database.use(async (open) => {
    const transaction = open.transaction(['settings', 'placements'], 'readwrite', { durability: 'strict' });
    const records = transaction.objectStore('settings');
    const existing = await records.get('current');
    const isFirst = existing === undefined || (existing.settings === null && !existing.isLocalEmpty);
    if (isFirst) {
      const store = transaction.objectStore('placements');
      const puts = placements
        .slice(0, MAX_PLACEMENTS)
        .map(({ origin, placement }) => store.put({ at, placement }, origin));
      await Promise.all([...puts, records.put({ at, settings, isLocalEmpty: false }, 'current')]);
    }
    await transaction.done;
    return isFirst;
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
