import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { DocumentRecord, DocumentStore } from './document-memory';

const STORE = 'documents';
const BY_TIME = 'at';

interface Schema extends DBSchema {
  documents: { key: string; value: DocumentRecord; indexes: { at: number } };
}

/** Keeps records in IndexedDB, opened when first used, and again after it failed. Rejects where the browser refuses. */
export function createDocumentStore(name = 'tidings-documents'): DocumentStore {
  let opening: Promise<IDBPDatabase<Schema>> | null = null;

  const open = (): Promise<IDBPDatabase<Schema>> => {
    const forget = (): void => {
      opening = null;
    };
    opening ??= openDB<Schema>(name, 1, {
      upgrade: (database) => void database.createObjectStore(STORE).createIndex(BY_TIME, 'at'),
      terminated: forget,
    });
    opening.catch(forget);
    return opening;
  };

  return {
    get: async (documentId) => (await open()).get(STORE, documentId),
    async put(records) {
      const transaction = (await open()).transaction(STORE, 'readwrite', { durability: 'relaxed' });
      const puts = [...records].map(([documentId, record]) => transaction.store.put(record, documentId));
      await Promise.all([...puts, transaction.done]);
    },
    async removeBefore(at) {
      const transaction = (await open()).transaction(STORE, 'readwrite', { durability: 'relaxed' });
      const old = await transaction.store.index(BY_TIME).getAllKeys(IDBKeyRange.upperBound(at, true));
      await Promise.all([...old.map((key) => transaction.store.delete(key)), transaction.done]);
    },
  };
}
