import type { Settings } from '../../utils/settings/settings.ts';
import type { PanelPlacement } from '../../utils/ui/panel-position.ts';
import type { TestBrowser } from './driver/test-browser.ts';

export interface SettingsOnDisk {
  settings: Settings | null;
  /** By origin. */
  placements: Record<string, PanelPlacement>;
}

/** What the extension has stored of settings and placements. @throws {Error} when the background does not run */
export const settingsOnDisk = ({ extension }: TestBrowser): Promise<SettingsOnDisk> =>
  extension.evaluateInBackground(async (): Promise<SettingsOnDisk> => {
    const ask = <Result>(request: IDBRequest<Result>): Promise<Result> =>
      new Promise((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result));
        request.addEventListener('error', () => reject(request.error ?? new Error('no reason')));
      });
    const database = await ask(indexedDB.open('tidings-settings'));
    const transaction = database.transaction(['settings', 'placements']);
    const store = transaction.objectStore('placements');
    const [record, origins, placements] = await Promise.all([
      ask<{ settings: Settings } | undefined>(transaction.objectStore('settings').get('current')),
      ask(store.getAllKeys()),
      ask<{ placement: PanelPlacement }[]>(store.getAll()),
    ]);
    database.close();
    return {
      settings: record?.settings ?? null,
      placements: Object.fromEntries(
        placements.map(({ placement }, index) => [String(origins[index]), placement] as const),
      ),
    };
  });
