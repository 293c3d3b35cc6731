import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  createSettingsDatabase,
  DATABASE_LIMIT_MS,
  type SettingsDatabase,
} from '../../../utils/settings/settings-database';
import { type FakeIndexedDb, installIndexedDb } from '../../fakes/indexed-db';

let disk: FakeIndexedDb;

beforeEach(() => {
  disk = installIndexedDb();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a database that does not answer is waited for so long and no longer', async () => {
  const database = createSettingsDatabase();
  await database.use((open) => open.get('settings', 'current'));
  vi.useFakeTimers();
  const used = database.use(() => new Promise(() => undefined)).catch(String);
  await vi.advanceTimersByTimeAsync(DATABASE_LIMIT_MS);
  expect(await used).toContain('the database does not answer');
  expect(vi.getTimerCount()).toBe(0);
});

test('a database that hangs is waited for once, and again when it has answered', async () => {
  const database = createSettingsDatabase();
  await database.use((open) => open.get('settings', 'current'));
  vi.useFakeTimers();
  const answer = Promise.withResolvers<string>();
  const use = (run: Parameters<SettingsDatabase['use']>[0], limitMs?: number): Promise<unknown> =>
    database.use(run, limitMs).catch(() => 'late');
  const first = use(() => answer.promise, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await first).toBe('late');
  expect([await use(() => new Promise(() => undefined), 1_000), vi.getTimerCount()]).toEqual(['late', 0]);
  // Who has more time waits the rest of it.
  const patient = use(() => new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(DATABASE_LIMIT_MS - 1_001);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await patient).toBe('late');
  answer.resolve('late, but there');
  await vi.advanceTimersByTimeAsync(0);
  expect(await use(() => Promise.resolve('in time'), 1_000)).toBe('in time');
  expect(vi.getTimerCount()).toBe(0);
});

test('an opening that is never answered is waited for once', async () => {
  disk.opening = 'hangs';
  vi.useFakeTimers();
  const database = createSettingsDatabase();
  const read = (): Promise<unknown> => database.use((open) => open.get('settings', 'current')).catch(String);
  const first = read();
  await vi.advanceTimersByTimeAsync(DATABASE_LIMIT_MS);
  expect(await first).toContain('does not answer');
  expect(await read()).toContain('does not answer');
  expect(vi.getTimerCount()).toBe(0);
});

test('a use that fails fails once, and the next one works', async () => {
  const database = createSettingsDatabase();
  const run = vi.fn(() => Promise.reject(new Error('on purpose')));
  await expect(database.use(run)).rejects.toThrow('on purpose');
  expect(run).toHaveBeenCalledOnce();
  expect(await database.use((open) => open.get('settings', 'current'))).toBeUndefined();
});

test('a newer version of the extension is let in', async () => {
  const database = createSettingsDatabase();
  await database.use((open) => open.get('settings', 'current'));
  const request = indexedDB.open('tidings-settings', 2);
  const happened = await new Promise((resolve) => {
    for (const type of ['success', 'blocked']) request.addEventListener(type, () => resolve(type));
  });
  expect(happened).toBe('success');
  request.result.close();
});
