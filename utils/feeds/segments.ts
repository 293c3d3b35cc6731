import { openDB, unwrap } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';

/** One piece of what is kept of a connection: its number, counted up, and its text. */
export type Segment = [number: number, text: string];

/** Where checkpoints are kept: texts by connection and number. Every method may reject, or never settle. */
export interface Segments {
  /** All of a connection, by number. */
  load(connection: string): Promise<Segment[]>;
  put(connection: string, number: number, text: string): Promise<void>;
  /** Puts one in place of all that the connection has, both or neither. */
  replace(connection: string, number: number, text: string): Promise<void>;
  /** Removes the connections that are not in `keep`, and the marks of those that are not in `marked`. */
  prune(keep: ReadonlySet<string>, marked: ReadonlySet<string>): Promise<void>;
  /** Marks a connection: an answer of its source was read without host access. Also for connections of which nothing else is kept. */
  mark(connection: string): Promise<void>;
  hasMark(connection: string): Promise<boolean>;
}

const STORE = 'segments';
const MARKS = 'marks';

interface Schema extends DBSchema {
  /** A longer text has more of it under a third number, from 1 on. */
  segments: { key: [connection: string, number: number, ...part: number[]]; value: string };
  marks: { key: string; value: true };
}

const allOf = (connection: string): IDBKeyRange => IDBKeyRange.bound([connection, 0], [connection, Infinity]);

/**
 * Characters of one record, at most. [chrome] A record of 2 MiB took three times as long to be written as the same in four,
 * November 2026: 20 ms and 7.
 */
export const RECORD_LENGTH = 512 * 1024;

/** Relaxed: handed to the system and not forced to the disk. It outlives the background and the browser, not a power cut. */
const WRITE = { durability: 'relaxed' } as const;

/** Keeps segments in IndexedDB. The database is opened when first used, and again after it failed or was closed. */
export function createIndexedDbSegments(name = 'tidings'): Segments {
  let opening: Promise<IDBPDatabase<Schema>> | null = null;

  const open = (): Promise<IDBPDatabase<Schema>> => {
    const forget = (): void => {
      opening = null;
    };
    opening ??= openDB<Schema>(name, 2, {
      upgrade(database, oldVersion) {
        if (oldVersion < 1) database.createObjectStore(STORE);
        database.createObjectStore(MARKS);
      },
      // Another version of the extension wants to upgrade it: let go, or it waits for ever.
      blocking: (_current, _wanted, event) => {
        forget();
        (event.target as IDBDatabase).close();
      },
      terminated: forget,
    }).catch((error: unknown) => {
      forget();
      throw error;
    });
    return opening;
  };

  /** Runs one transaction; a connection that turns out to be closed is forgotten, so that the next one opens it again. */
  const write = async (run: (store: IDBObjectStore) => void, into: 'segments' | 'marks' = STORE): Promise<void> => {
    const database = unwrap(await open());
    try {
      const transaction = database.transaction(into, 'readwrite', WRITE);
      run(transaction.objectStore(into));
      // Else the browser commits when it has told of each write and nobody asked for more: one more way there and back.
      transaction.commit();
      await completed(transaction);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'InvalidStateError') opening = null;
      throw error;
    }
  };

  return {
    async load(connection) {
      const transaction = (await open()).transaction(STORE);
      const [keys, texts] = await Promise.all([
        transaction.store.getAllKeys(allOf(connection)),
        transaction.store.getAll(allOf(connection)),
        transaction.done,
      ]);
      const segments: Segment[] = [];
      for (const [i, [, number, part]] of keys.entries()) {
        const text = texts[i] ?? '';
        const last = segments.at(-1);
        if (part === undefined || last === undefined) segments.push([number, text]);
        else last[1] += text;
      }
      return segments;
    },
    put: (connection, number, text) => write((store) => putParts(store, connection, number, text)),
    replace: (connection, number, text) =>
      write((store) => {
        store.delete(allOf(connection));
        putParts(store, connection, number, text);
      }),
    mark: (connection) => write((store) => store.put(true, connection), MARKS),
    hasMark: async (connection) => (await (await open()).getKey(MARKS, connection)) !== undefined,
    async prune(keep, marked) {
      const marks = await (await open()).getAllKeys(MARKS);
      const unmarked = marks.filter((connection) => !marked.has(connection));
      if (unmarked.length > 0) {
        await write((store) => {
          for (const connection of unmarked) store.delete(connection);
        }, MARKS);
      }
      const keys = await (await open()).getAllKeys(STORE);
      const gone = new Set(keys.map(([connection]) => connection).filter((connection) => !keep.has(connection)));
      if (gone.size === 0) return;
      await write((store) => {
        for (const connection of gone) store.delete(allOf(connection));
      });
    },
  };
}

function putParts(store: IDBObjectStore, connection: string, number: number, text: string): void {
  store.put(text.slice(0, RECORD_LENGTH), [connection, number]);
  for (let part = 1; part * RECORD_LENGTH < text.length; part += 1) {
    store.put(text.slice(part * RECORD_LENGTH, (part + 1) * RECORD_LENGTH), [connection, number, part]);
  }
}

/** Every update waits for this, and idb's own promises for each request cost a fifth of a small write. */
function completed(transaction: IDBTransaction): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  transaction.addEventListener('complete', () => resolve());
  transaction.addEventListener('abort', () => reject(transaction.error ?? new DOMException('aborted', 'AbortError')));
  return promise;
}
