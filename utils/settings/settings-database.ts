/**
 * What a person set up, on disk: settings and panel placements. In IndexedDB of the extension's own origin, for content
 * scripts can read and write `storage.local`, and a renderer that was taken over is a content script.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { createPatience } from '../feeds/patience';
import { after } from '../feeds/source-deps';

/** How long a use waits for the database, in ms. A port that waits is closed by its page after 3 s and comes again. */
export const DATABASE_LIMIT_MS = 5_000;

/** Settings as they were stored, which need not parse. */
export interface SettingsRecord {
  /** When they were stored, epoch ms. */
  at: number;
  /** `null`: none yet. */
  settings: unknown;
  /** Whether `storage.local` was emptied. What comes to lie there later is never believed. */
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
  /**
   * Rejects where the browser refuses, and when it does not answer in time; it may still do then what it was asked. A
   * database that hangs is waited for once.
   * @param limitMs how long it may take; default {@link DATABASE_LIMIT_MS}
   */
  use<Result>(run: (database: IDBPDatabase<SettingsSchema>) => Promise<Result>, limitMs?: number): Promise<Result>;
}

/** Opens the database when it is first used, and again after it failed or was closed. */
export function createSettingsDatabase(name = 'tidings-settings'): SettingsDatabase {
  const { within } = createPatience({ after });
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
    async use(run, limitMs = DATABASE_LIMIT_MS) {
      let failure: unknown;
      const attempt = async () => run(await open());
      const again = (error: unknown) => {
        if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
        // It was closed without a word, and no transaction began.
        forget();
        return attempt();
      };
      const fail = (error: unknown): never => {
        failure = error;
        throw error;
      };
      const answer = await within(limitMs, () => attempt().catch(again).catch(fail));
      if (answer.kind === 'done') return answer.value;
      if (answer.kind === 'refused') throw failure;
      throw new Error('Cannot use the settings: the database does not answer');
    },
  };
}
