import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createDocumentMemory,
  type DocumentRecord,
  type DocumentStore,
  RECALL_LIMIT_MS,
  REMEMBERED_MS,
  WRITE_EVERY_MS,
} from '../../../utils/background/document-memory';

const CURSORS = { log: { epoch: 'e', seq: 7 } };

let records: Map<string, unknown>;
let store: DocumentStore & { puts: number };

beforeEach(() => {
  vi.useFakeTimers();
  records = new Map();
  store = {
    puts: 0,
    get: (id) => Promise.resolve(records.get(id)),
    put(id, record) {
      store.puts += 1;
      records.set(id, record);
      return Promise.resolve();
    },
    removeBefore(at) {
      for (const [id, record] of records) if ((record as DocumentRecord).at < at) records.delete(id);
      return Promise.resolve();
    },
  };
});
afterEach(() => {
  vi.useRealTimers();
});

const start = () => createDocumentMemory(store, Date.now);

describe('document memory', () => {
  test('knows after a restart what it was told first, however soon that comes', async () => {
    start().remember('document', CURSORS);
    expect(await start().recall('document')).toEqual(CURSORS);
  });

  test('knows after a restart what it was told a second before', async () => {
    const memory = start();
    memory.remember('document', {});
    memory.remember('document', { log: { epoch: 'e', seq: 1 } });
    memory.remember('document', CURSORS);
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS);
    expect(await start().recall('document')).toEqual(CURSORS);
  });

  test('knows at once what it was told, and nothing of other documents', async () => {
    const memory = start();
    memory.remember('document', CURSORS);
    expect(await memory.recall('document')).toEqual(CURSORS);
    expect(await memory.recall('other')).toEqual({});
  });

  test('writes once a second at most, and has no timer when there is nothing to write', async () => {
    const memory = start();
    for (let count = 0; count < 30; count += 1) {
      memory.remember('document', { log: { epoch: 'e', seq: count } });
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS);
    expect(store.puts).toBeLessThanOrEqual(4);
    expect(vi.getTimerCount()).toBe(0);
    expect(await start().recall('document')).toEqual({ log: { epoch: 'e', seq: 29 } });
  });

  test('writes nothing for a document without event feeds', async () => {
    start().remember('document', {});
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS);
    expect(store.puts).toBe(0);
  });

  test('forgets documents after a day', async () => {
    start().remember('document', CURSORS);
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS);
    await vi.advanceTimersByTimeAsync(REMEMBERED_MS + 1);
    expect(await start().recall('document')).toEqual({});
  });

  test.each([null, 'junk', { at: 1 }, { at: 1, cursors: { log: { epoch: '', seq: 1 } } }])(
    'takes %j in the store for nothing',
    async (junk) => {
      const memory = start();
      records.set('document', junk);
      expect(await memory.recall('document')).toEqual({});
    },
  );

  test('goes on where the store is refused', async () => {
    const refused = (): Promise<never> => Promise.reject(new Error('refused'));
    const memory = createDocumentMemory({ get: refused, put: refused, removeBefore: refused }, Date.now);
    memory.remember('document', CURSORS);
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS);
    expect(await memory.recall('document')).toEqual({});
  });

  test('does not wait for ever for a store that never answers, and asks it once for all who wait', async () => {
    const answers: Promise<unknown>[] = [];
    let asked = 0;
    store.get = () => {
      asked += 1;
      return new Promise(() => {});
    };
    const memory = start();
    answers.push(memory.recall('document'));
    await vi.advanceTimersByTimeAsync(RECALL_LIMIT_MS / 2);
    answers.push(memory.recall('document'));
    await vi.advanceTimersByTimeAsync(RECALL_LIMIT_MS / 2);
    expect(await Promise.all(answers)).toEqual([{}, {}]);
    expect(asked).toBe(1);
    store.get = () => Promise.resolve({ at: 0, cursors: CURSORS });
    expect(await memory.recall('document')).toEqual(CURSORS);
    expect(vi.getTimerCount()).toBe(0);
  });
});
