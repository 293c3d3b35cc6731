import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DEVELOPMENT_DEFAULTS, STORE_DEFAULTS } from '../../../utils/settings/defaults';
import type { Settings } from '../../../utils/settings/settings';
import { createSettingsDatabase, type SettingsDatabase } from '../../../utils/settings/settings-database';
import { createSettingsStore, type SettingsStore } from '../../../utils/settings/settings-store';
import { emptyLocalStorage, takeOverLocalStorage, usedLocalStorage } from '../../../utils/settings/take-over';
import { installIndexedDb } from '../../fakes/indexed-db';

const PLACEMENT = { right: true, bottom: false, x: 16, y: 24, collapsed: true };
const OTHER: Settings = { version: 1, feeds: [], sites: [] };
const STAND_IN = { settings: STORE_DEFAULTS, isStandIn: true };

beforeEach(() => {
  vi.restoreAllMocks();
  vi.spyOn(console, 'warn').mockReturnValue();
  fakeBrowser.reset();
  installIndexedDb();
});

/** A background that starts: nothing is in its memory. */
function start(): { store: SettingsStore; database: SettingsDatabase } {
  const database = createSettingsDatabase();
  return { store: createSettingsStore(STORE_DEFAULTS, database), database };
}

const aside = (): Promise<unknown[]> => start().database.use((open) => open.getAll('aside'));
const placements = (): Promise<Record<string, unknown>> =>
  start().database.use(async (open) => {
    const [keys, values] = await Promise.all([open.getAllKeys('placements'), open.getAll('placements')]);
    return Object.fromEntries(keys.map((key, index) => [key, values[index]?.placement]));
  });
const inLocalStorage = (): Promise<object> => fakeBrowser.storage.local.get();

/** A background that starts after an update from a version that used `storage.local`. */
async function startUpdated(): Promise<SettingsStore> {
  const { store } = start();
  await store.takeOver().catch(() => undefined);
  return store;
}
const readUpdated = async () => (await startUpdated()).read();

test('what is taken over is marked, and emptied by itself', async () => {
  await fakeBrowser.storage.local.set({ settings: OTHER });
  const { database } = start();
  const marked = () => database.use((open) => open.get('settings', 'current'));
  const record = { at: expect.any(Number), settings: OTHER };
  expect(await takeOverLocalStorage(database)).toBe(true);
  expect(await marked()).toEqual({ ...record, isLocalEmpty: false });
  expect(await inLocalStorage()).toEqual({ settings: OTHER });
  await emptyLocalStorage(database);
  expect(await inLocalStorage()).toEqual({});
  await fakeBrowser.storage.local.set({ settings: DEVELOPMENT_DEFAULTS });
  expect(await takeOverLocalStorage(database)).toBe(false);
  expect(await marked()).toEqual({ ...record, isLocalEmpty: true });
});

test.each([
  [{ reason: 'update', previousVersion: '0.1.0' }, true],
  [{ reason: 'update', previousVersion: '0.2.0' }, false],
  [{ reason: 'update' }, false],
  [{ reason: 'install', previousVersion: '0.1.0' }, false],
  [{ reason: 'browser_update' }, false],
])('%j comes from a version that used storage.local: %s', (details, expected) => {
  expect(usedLocalStorage(details)).toBe(expected);
});

describe('what an earlier version left in storage.local', () => {
  test('is taken over after the update, and gone from there', async () => {
    await fakeBrowser.storage.local.set({ settings: DEVELOPMENT_DEFAULTS, 'panel http://localhost:4100': PLACEMENT });
    expect(await readUpdated()).toEqual({ settings: DEVELOPMENT_DEFAULTS, isStandIn: false });
    expect(await start().store.read()).toEqual({ settings: DEVELOPMENT_DEFAULTS, isStandIn: false });
    expect(await placements()).toEqual({ 'http://localhost:4100': PLACEMENT });
    expect(await inLocalStorage()).toEqual({});
  });

  test('is taken over also when the settings were read before the browser told of the update', async () => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    const { store } = start();
    expect(await store.read()).toEqual({ settings: STORE_DEFAULTS, isStandIn: false });
    expect(await store.takeOver()).toBe(true);
    expect(await store.read()).toEqual({ settings: OTHER, isStandIn: false });
    expect(await inLocalStorage()).toEqual({});
  });

  test('is taken over as placements only where it is one', async () => {
    await fakeBrowser.storage.local.set({
      'panel https://a.example': { ...PLACEMENT, more: 'x' },
      'panel https://b.example': 'nonsense',
      'panel nonsense': PLACEMENT,
      other: PLACEMENT,
    });
    await readUpdated();
    expect(await placements()).toEqual({ 'https://a.example': PLACEMENT });
  });

  test('is kept aside where it does not parse', async () => {
    await fakeBrowser.storage.local.set({ settings: { feeds: 'none' } });
    expect(await readUpdated()).toEqual(STAND_IN);
    expect(await start().store.read()).toEqual(STAND_IN);
    await start().store.save(OTHER);
    expect(await aside()).toEqual([{ at: expect.any(Number), settings: { feeds: 'none' } }]);
  });

  test.each<{ settings?: Settings }>([{}, { settings: DEVELOPMENT_DEFAULTS }])(
    'is not believed after another update: %j',
    async (left) => {
      await fakeBrowser.storage.local.set({ ...left });
      const first = await readUpdated();
      await start().store.read();
      await fakeBrowser.storage.local.set({ settings: OTHER, 'panel https://a.example': PLACEMENT });
      expect(await readUpdated()).toEqual(first);
      expect(await placements()).toEqual({});
    },
  );

  test('is not believed without an update, also when the database was cleared', async () => {
    await start().store.save(DEVELOPMENT_DEFAULTS);
    installIndexedDb();
    await fakeBrowser.storage.local.set({ settings: OTHER, 'panel https://a.example': PLACEMENT });
    expect((await start().store.read()).settings).toEqual(STORE_DEFAULTS);
    expect((await start().store.read()).settings).toEqual(STORE_DEFAULTS);
    expect([await placements(), await inLocalStorage()]).toEqual([{}, {}]);
  });

  test('is emptied at a later start where it could not be at the first', async () => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    const clear = vi.spyOn(fakeBrowser.storage.local, 'clear').mockRejectedValueOnce(new Error('busy'));
    const { store } = start();
    await store.takeOver();
    expect(await inLocalStorage()).toEqual({ settings: OTHER });
    expect((await start().store.read()).settings).toEqual(OTHER);
    expect(await inLocalStorage()).toEqual({});
    await start().store.read();
    expect(clear).toHaveBeenCalledTimes(2);
  });

  test('is taken over by a later reading where it could not be read at once', async () => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    vi.spyOn(fakeBrowser.storage.local, 'get')
      .mockRejectedValueOnce(new Error('busy'))
      .mockRejectedValueOnce(new Error('busy'));
    const store = await startUpdated();
    expect(await store.read()).toEqual(STAND_IN);
    expect((await store.read()).settings).toEqual(OTHER);
  });

  test('is taken over once by two readings at the same time', async () => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    const { store } = start();
    const [isTaken, ...read] = await Promise.all([store.takeOver(), store.read(), store.read(), readUpdated()]);
    expect([isTaken, read]).toEqual([true, Array.from({ length: 3 }, () => ({ settings: OTHER, isStandIn: false }))]);
  });
});
