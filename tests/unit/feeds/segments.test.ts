import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createIndexedDbSegments, RECORD_LENGTH, type Segments } from '../../../utils/feeds/segments';
import { type FakeIndexedDb, installIndexedDb } from '../../fakes/indexed-db';

let database: FakeIndexedDb;
let segments: Segments;

beforeEach(() => {
  database = installIndexedDb();
  segments = createIndexedDbSegments();
});

describe('segments in IndexedDB', () => {
  test('a connection has none at first', async () => {
    expect(await segments.load('a')).toEqual([]);
  });

  test('come back by number, whatever the order they were put in', async () => {
    for (const number of [10, 2, 1]) await segments.put('a', number, `text ${number}`);
    expect(await segments.load('a')).toEqual([
      [1, 'text 1'],
      [2, 'text 2'],
      [10, 'text 10'],
    ]);
  });

  test.each(['a', 'a b', 'ab', '', '["a",1]'])('of one connection are not those of "%s"', async (other) => {
    await segments.put('a.', 0, 'mine');
    await segments.put(other, 0, 'other');
    expect(await segments.load('a.')).toEqual([[0, 'mine']]);
    expect(await segments.load(other)).toEqual([[0, 'other']]);
  });

  test('outlive the background', async () => {
    await segments.put('a', 0, 'text');
    expect(await createIndexedDbSegments().load('a')).toEqual([[0, 'text']]);
  });

  test('of another name are another database', async () => {
    await segments.put('a', 0, 'text');
    expect(await createIndexedDbSegments('other').load('a')).toEqual([]);
  });

  test('one takes the place of all that its connection has, and of nothing else', async () => {
    for (const number of [0, 1, 2]) await segments.put('a', number, 'old');
    await segments.put('b', 0, 'other');
    await segments.replace('a', 3, 'new');
    expect(await segments.load('a')).toEqual([[3, 'new']]);
    expect(await segments.load('b')).toEqual([[0, 'other']]);
  });

  test.each([0, 1, RECORD_LENGTH - 1, RECORD_LENGTH, RECORD_LENGTH + 1, 12 * RECORD_LENGTH + 5])(
    'of %d characters come back whole, and are replaced whole',
    async (length) => {
      // The pieces are cut between the halves of a character, too.
      const text = '😀'.repeat(Math.ceil(length / 2)).slice(0, length);
      await segments.put('a', 1, text);
      await segments.put('a', 2, 'next');
      await segments.put('b', 1, text);
      expect((await segments.load('a')).map(([number, one]) => [number, one === text || one])).toEqual([
        [1, true],
        [2, 'next'],
      ]);
      await segments.replace('a', 3, 'new');
      expect(await segments.load('a')).toEqual([[3, 'new']]);
      await segments.prune(new Set(['a']), new Set());
      expect(await segments.load('b')).toEqual([]);
    },
  );

  test('puts no record that is longer than the browser writes fast', async () => {
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    await segments.put('a', 0, 'x'.repeat(2 * RECORD_LENGTH + 1));
    expect(put.mock.calls.map(([text]) => (text as string).length)).toEqual([RECORD_LENGTH, RECORD_LENGTH, 1]);
    put.mockRestore();
  });

  test('go with the connections that are not kept', async () => {
    for (const connection of ['a', 'b', 'c']) {
      await segments.put(connection, 0, connection);
      await segments.put(connection, 1, connection);
    }
    await segments.prune(new Set(['b', 'never there']), new Set());
    expect(await Promise.all(['a', 'b', 'c'].map((connection) => segments.load(connection)))).toEqual([
      [],
      [
        [0, 'b'],
        [1, 'b'],
      ],
      [],
    ]);
  });

  test('are committed without waiting to be told that they were put', async () => {
    const commit = vi.spyOn(IDBTransaction.prototype, 'commit');
    await segments.put('a', 0, 'text');
    await segments.replace('a', 1, 'more');
    expect(commit).toHaveBeenCalledTimes(2);
    commit.mockRestore();
  });

  test('rejects a write that the browser takes back', async () => {
    const commit = vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (this: IDBTransaction) {
      this.abort();
    });
    await expect(segments.put('a', 0, 'text')).rejects.toThrow(DOMException);
    commit.mockRestore();
    expect(await segments.load('a')).toEqual([]);
  });

  test('one that is written is kept once it is said to be', async () => {
    const writes = Array.from({ length: 20 }, (_, n) => segments.put('a', n, String(n)));
    await writes[19];
    expect(await createIndexedDbSegments().load('a')).toHaveLength(20);
    await Promise.all(writes);
  });
});

describe('marks in IndexedDB', () => {
  test('outlive the background, and are of one connection', async () => {
    await segments.mark('a');
    await segments.mark('a');
    const later = createIndexedDbSegments();
    expect([await later.hasMark('a'), await later.hasMark('b')]).toEqual([true, false]);
  });

  test('go with connections that are not there any more, whether or not segments of them are kept', async () => {
    for (const connection of ['a', 'b', 'c']) await segments.mark(connection);
    await segments.put('a', 0, 'text');
    await segments.prune(new Set(['a']), new Set(['b']));
    expect(await Promise.all(['a', 'b', 'c'].map((connection) => segments.hasMark(connection)))).toEqual([
      false,
      true,
      false,
    ]);
    expect(await segments.load('a')).toEqual([[0, 'text']]);
  });

  test('come into a database of an earlier version, which keeps what it has', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const request = indexedDB.open('tidings', 1);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore('segments'));
    request.addEventListener('success', () => {
      const transaction = request.result.transaction('segments', 'readwrite');
      transaction.objectStore('segments').put('kept', ['a', 0]);
      transaction.addEventListener('complete', () => {
        request.result.close();
        resolve();
      });
    });
    await promise;
    await segments.mark('a');
    expect([await segments.hasMark('a'), await segments.load('a')]).toEqual([true, [[0, 'kept']]]);
  });
});

describe('database of the segments', () => {
  test('is opened when first used, and once', async () => {
    expect(database.openings).toBe(0);
    await Promise.all([segments.load('a'), segments.put('a', 0, ''), segments.prune(new Set(['a']), new Set())]);
    expect(database.openings).toBe(1);
  });

  test.each(['throws', 'fails'] as const)(
    'whose opening %s rejects all, and is tried again at the next use',
    async (how) => {
      database.opening = how;
      await expect(segments.load('a')).rejects.toThrow(DOMException);
      await expect(segments.put('a', 0, 'text')).rejects.toThrow(DOMException);
      await expect(segments.replace('a', 0, 'text')).rejects.toThrow(DOMException);
      await expect(segments.prune(new Set(), new Set())).rejects.toThrow(DOMException);
      database.opening = 'works';
      await segments.put('a', 0, 'text');
      expect(await segments.load('a')).toEqual([[0, 'text']]);
    },
  );

  test('is opened again after the browser closed it', async () => {
    await segments.put('a', 0, 'text');
    database.forceClose();
    await segments.put('a', 1, 'more');
    expect(await segments.load('a')).toHaveLength(2);
    expect(database.openings).toBe(2);
  });

  test('that turns out to be closed costs one write', async () => {
    await segments.put('a', 0, 'text');
    database.close();
    await expect(segments.put('a', 1, 'lost')).rejects.toThrow(DOMException);
    await segments.put('a', 1, 'kept');
    expect(await segments.load('a')).toEqual([
      [0, 'text'],
      [1, 'kept'],
    ]);
  });

  test('lets go when another version of the extension wants it', async () => {
    await segments.put('a', 0, 'text');
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const request = indexedDB.open('tidings', 3);
    request.addEventListener('success', () => resolve(request.result.version));
    request.addEventListener('blocked', () => reject(new Error('blocked')));
    expect(await promise).toBe(3);
  });
});
