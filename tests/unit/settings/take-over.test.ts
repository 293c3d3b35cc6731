import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DEVELOPMENT_DEFAULTS, STORE_DEFAULTS } from '../../../utils/settings/defaults';
import type { Settings } from '../../../utils/settings/settings';
import { createSettingsDatabase, type SettingsDatabase } from '../../../utils/settings/settings-database';
import { createSettingsStore, type SettingsStore } from '../../../utils/settings/settings-store';
import { emptyLocalStorage, takeOverLocalStorage } from '../../../utils/settings/take-over';
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

test('what is taken over is marked, and emptied by itself', async () => {
  await fakeBrowser.storage.local.set({ settings: OTHER });
  const { database } = start();
  const record = { at: expect.any(Number), settings: OTHER };
  expect(await takeOverLocalStorage(database)).toEqual({ ...record, isLocalEmpty: false });
  expect(await inLocalStorage()).toEqual({ settings: OTHER });
  await emptyLocalStorage(database);
  expect(await inLocalStorage()).toEqual({});
  expect(await takeOverLocalStorage(database)).toEqual({ ...record, isLocalEmpty: true });
});

describe('what an earlier version left in storage.local', () => {
  test('is taken over and gone from there', async () => {
    await fakeBrowser.storage.local.set({ settings: DEVELOPMENT_DEFAULTS, 'panel http://localhost:4100': PLACEMENT });
    expect(await start().store.read()).toEqual({ settings: DEVELOPMENT_DEFAULTS, isStandIn: false });
    expect(await start().store.read()).toEqual({ settings: DEVELOPMENT_DEFAULTS, isStandIn: false });
    expect(await placements()).toEqual({ 'http://localhost:4100': PLACEMENT });
    expect(await inLocalStorage()).toEqual({});
  });

  test('is taken over as placements only where it is one', async () => {
    await fakeBrowser.storage.local.set({
      'panel https://a.example': { ...PLACEMENT, more: 'x' },
      'panel https://b.example': 'nonsense',
      'panel nonsense': PLACEMENT,
      other: PLACEMENT,
    });
    await start().store.read();
    expect(await placements()).toEqual({ 'https://a.example': PLACEMENT });
  });

  test('is kept aside where it does not parse', async () => {
    await fakeBrowser.storage.local.set({ settings: { feeds: 'none' } });
    expect(await start().store.read()).toEqual(STAND_IN);
    expect(await start().store.read()).toEqual(STAND_IN);
    await start().store.save(OTHER);
    expect(await aside()).toEqual([{ at: expect.any(Number), settings: { feeds: 'none' } }]);
  });

  test.each<{ settings?: Settings }>([{}, { settings: DEVELOPMENT_DEFAULTS }])(
    'is not believed after the first start: %j',
    async (left) => {
      await fakeBrowser.storage.local.set({ ...left });
      const first = await start().store.read();
      await fakeBrowser.storage.local.set({ settings: OTHER, 'panel https://a.example': PLACEMENT });
      expect(await start().store.read()).toEqual(first);
      expect(await placements()).toEqual({});
    },
  );

  test('is emptied at a later start where it could not be at the first', async () => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    const clear = vi.spyOn(fakeBrowser.storage.local, 'clear').mockRejectedValueOnce(new Error('busy'));
    expect((await start().store.read()).settings).toEqual(OTHER);
    expect(await inLocalStorage()).toEqual({ settings: OTHER });
    await start().store.read();
    expect(await inLocalStorage()).toEqual({});
    await start().store.read();
    expect(clear).toHaveBeenCalledTimes(2);
  });

  test('is taken over at a later start where it could not be read at the first', async () => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    vi.spyOn(fakeBrowser.storage.local, 'get').mockRejectedValueOnce(new Error('busy'));
    expect(await start().store.read()).toEqual(STAND_IN);
    expect((await start().store.read()).settings).toEqual(OTHER);
  });

  test('is taken over once by two readings at the same time', async () => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    const { store } = start();
    expect(await Promise.all([store.read(), store.read(), start().store.read()])).toEqual(
      Array.from({ length: 3 }, () => ({ settings: OTHER, isStandIn: false })),
    );
  });
});
