import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSettingsDatabase, DATABASE_LIMIT_MS } from '../../../utils/settings/settings-database';
import { installIndexedDb } from '../../fakes/indexed-db';

beforeEach(() => {
  installIndexedDb();
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
