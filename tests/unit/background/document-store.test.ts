import { beforeEach, describe, expect, test } from 'vitest';
import type { DocumentRecord, DocumentStore } from '../../../utils/background/document-memory';
import { createDocumentStore } from '../../../utils/background/document-store';
import { type FakeIndexedDb, installIndexedDb } from '../../fakes/indexed-db';

let database: FakeIndexedDb;

beforeEach(() => {
  database = installIndexedDb();
});

const record = (at: number): DocumentRecord => ({ at, cursors: { log: { epoch: 'e', seq: at } } });

const put = (store: DocumentStore, documentId: string, at: number): Promise<void> =>
  store.put(new Map([[documentId, record(at)]]));

describe('document store', () => {
  test('has nothing of a document that it was not told of', async () => {
    expect(await createDocumentStore().get('a')).toBeUndefined();
  });

  test('gives back what was put last, also to the next background', async () => {
    const store = createDocumentStore();
    await store.put(
      new Map([
        ['a', record(1)],
        ['b', record(2)],
      ]),
    );
    await put(store, 'a', 3);
    expect(await store.get('a')).toEqual(record(3));
    expect(await createDocumentStore().get('b')).toEqual(record(2));
  });

  test('removes what was written before a time, and what was written then not', async () => {
    const store = createDocumentStore();
    for (const at of [9, 10, 11]) await put(store, `document ${at}`, at);
    await store.removeBefore(10);
    expect(await Promise.all([9, 10, 11].map((at) => store.get(`document ${at}`)))).toEqual([
      undefined,
      record(10),
      record(11),
    ]);
  });

  test('removes by when a record was written last', async () => {
    const store = createDocumentStore();
    await put(store, 'a', 1);
    await put(store, 'a', 20);
    await store.removeBefore(10);
    expect(await store.get('a')).toEqual(record(20));
  });

  test('opens its database when first used, and once', async () => {
    const store = createDocumentStore();
    expect(database.openings).toBe(0);
    await Promise.all([store.get('a'), put(store, 'a', 1), store.removeBefore(0)]);
    expect(database.openings).toBe(1);
  });

  test.each(['throws', 'fails'] as const)('rejects where opening %s, and tries again at the next use', async (how) => {
    const store = createDocumentStore();
    database.opening = how;
    await expect(store.get('a')).rejects.toThrow(DOMException);
    await expect(put(store, 'a', 1)).rejects.toThrow(DOMException);
    await expect(store.removeBefore(1)).rejects.toThrow(DOMException);
    database.opening = 'works';
    await put(store, 'a', 1);
    expect(await store.get('a')).toEqual(record(1));
  });

  test('goes on after the browser closed its database', async () => {
    const store = createDocumentStore();
    await put(store, 'a', 1);
    database.forceClose();
    expect(await store.get('a')).toEqual(record(1));
    expect(database.openings).toBe(2);
  });
});
