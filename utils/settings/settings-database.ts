/**
 * What a person set up, on disk: settings and panel placements. In IndexedDB of the extension's own origin, for content
 * scripts can read and write `storage.local`, and a renderer that was taken over is a content script.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

/** How long a use may wait for the database, in ms. A port that waits is closed by its page after 3 s and comes again. */
export const DATABASE_LIMIT_MS = 5_000;

/** Settings as they were stored, which need not parse. */
export interface SettingsRecord {
  /** When they were stored, epoch ms. */
  at: number;
  /** `null`: none yet. The record says all the same that `storage.local` was looked at. */
  settings: unknown;
  /** Whether what earlier versions left in `storage.local` is gone. */
  isLocalEmpty: boolean;
}

export interface SettingsSchema extends DBSchema {
  settings: { key: 'current'; value: SettingsRecord };
  /** Settings that did not parse when others were saved in their place. */
  aside: { key: number; value: { at: number; settings: unknown } };
  /** By origin. */
  placements: { key: string; value: { at: number; placement: unknown }; indexes: { at: number } };
}

export interface SettingsDatabase {
  /** Rejects where the browser refuses, and when it does not answer within {@link DATABASE_LIMIT_MS}. */
  use<Result>(run: (database: IDBPDatabase<SettingsSchema>) => Promise<Result>): Promise<Result>;
}

/** Opens the database when it is first used, and again after it failed or was closed. */
export function createSettingsDatabase(name = 'tidings-settings'): SettingsDatabase {
  let opening: Promise<IDBPDatabase<SettingsSchema>> | null = null;
  const forget = (): void => {
    opening = null;
  };

  const open = (): Promise<IDBPDatabase<SettingsSchema>> => {
    opening ??= openDB<SettingsSchema>(name, 1, {
      upgrade(database) {
        database.createObjectStore('settings');
        database.createObjectStore('aside', { autoIncrement: true });
        database.createObjectStore('placements').createIndex('at', 'at');
      },
      // Another version of the extension wants to upgrade it: let go, or it waits for ever.
      blocking(_current, _wanted, event) {
        forget();
        (event.target as IDBDatabase).close();
      },
      terminated: forget,
    });
    opening.catch(forget);
    return opening;
  };

  return {
    async use(run) {
      const attempt = async () => run(await open());
      const again = (error: unknown) => {
        if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
        // It was closed without a word, and no transaction began.
        forget();
        return attempt();
      };
      const late = Promise.withResolvers<never>();
      const limit = setTimeout(
        () => late.reject(new Error('Cannot use the settings: the database does not answer')),
        DATABASE_LIMIT_MS,
      );
      return Promise.race([attempt().catch(again), late.promise]).finally(() => clearTimeout(limit));
    },
  };
}
