import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createDocumentMemory,
  type DocumentRecord,
  type DocumentStore,
  KNOWN_MS,
  MAX_KNOWN,
  PRUNE_EVERY_MS,
  RECALL_LIMIT_MS,
  REMEMBERED_MS,
  WRITE_EVERY_MS,
} from '../../../utils/background/document-memory';
import { createWorld } from '../feeds/world';

const CURSORS = { log: { epoch: 'e', seq: 7 } };

let records: Map<string, unknown>;
let store: DocumentStore & { puts: number; removals: number };
const { deps } = createWorld();

beforeEach(() => {
  vi.useFakeTimers();
  records = new Map();
  store = {
    puts: 0,
    get: (id) => Promise.resolve(records.get(id)),
    removals: 0,
    put(changed) {
      store.puts += 1;
      for (const [id, record] of changed) records.set(id, record);
      return Promise.resolve();
    },
    removeBefore(at) {
      store.removals += 1;
      for (const [id, record] of records) if ((record as DocumentRecord).at < at) records.delete(id);
      return Promise.resolve();
    },
  };
});
afterEach(() => {
  vi.useRealTimers();
});

const start = () => createDocumentMemory(store, deps);

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

  test('writes all documents that have something new in one transaction', async () => {
    const memory = start();
    const documents = Array.from({ length: 500 }, (_, n) => `document ${n}`);
    for (const id of documents) memory.remember(id, { log: { epoch: 'e', seq: 1 } });
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS);
    // The first of all does not wait, and the others come right after.
    expect([store.puts, records.size]).toEqual([2, 500]);
    for (const id of documents) memory.remember(id, CURSORS);
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS);
    expect(store.puts).toBe(3);
    expect(await start().recall('document 499')).toEqual(CURSORS);
  });

  test('writes at once for a document that said nothing for 10 minutes, or before as many others as there can be', async () => {
    const memory = start();
    const puts = (id: string): number => {
      const before = store.puts;
      memory.remember(id, CURSORS);
      return store.puts - before;
    };
    const later = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
    expect(puts('quiet')).toBe(1);
    await later(KNOWN_MS);
    expect(puts('other')).toBe(1);
    expect(puts('quiet')).toBe(0);
    await later(WRITE_EVERY_MS);
    expect(puts('quiet')).toBe(0);
    for (let n = 0; n <= MAX_KNOWN; n += 1) memory.remember(`document ${n}`, CURSORS);
    await later(WRITE_EVERY_MS);
    expect(puts('quiet')).toBe(1);
  });

  test('removes old records every hour while it runs, and has no timer for it', async () => {
    const memory = start();
    expect(store.removals).toBe(1);
    for (let minute = 0; minute < 180; minute += 1) {
      memory.remember('document', { log: { epoch: 'e', seq: minute } });
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(store.removals).toBe(1 + Math.floor((180 * 60_000 - 1) / PRUNE_EVERY_MS));
    expect(vi.getTimerCount()).toBe(0);
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
    const memory = createDocumentMemory({ get: refused, put: refused, removeBefore: refused }, deps);
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
    expect(await memory.recall('another document')).toEqual({});
    expect(vi.getTimerCount()).toBe(0);
    store.get = () => Promise.resolve({ at: 0, cursors: CURSORS });
    await memory.recall('document');
    expect(await memory.recall('document')).toEqual(CURSORS);
    expect(vi.getTimerCount()).toBe(0);
  });
});
