import { fakeBrowser } from '@webext-core/fake-browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DEVELOPMENT_DEFAULTS, STORE_DEFAULTS } from '../../../utils/settings/defaults';
import type { Settings } from '../../../utils/settings/settings';
import { createSettingsDatabase, type SettingsDatabase } from '../../../utils/settings/settings-database';
import { createSettingsStore, type SettingsStore } from '../../../utils/settings/settings-store';
import { type FakeIndexedDb, installIndexedDb } from '../../fakes/indexed-db';

const OTHER: Settings = { version: 1, feeds: [], sites: [] };
const DEFAULT = { settings: STORE_DEFAULTS, isStandIn: false };
const STAND_IN = { settings: STORE_DEFAULTS, isStandIn: true };

let disk: FakeIndexedDb;

beforeEach(() => {
  vi.restoreAllMocks();
  vi.spyOn(console, 'warn').mockReturnValue();
  fakeBrowser.reset();
  disk = installIndexedDb();
});

/** A background that starts: nothing is in its memory. */
function start(): { store: SettingsStore; database: SettingsDatabase } {
  const database = createSettingsDatabase();
  return { store: createSettingsStore(STORE_DEFAULTS, database), database };
}

const aside = (): Promise<unknown[]> => start().database.use((open) => open.getAll('aside'));
const inLocalStorage = (): Promise<object> => fakeBrowser.storage.local.get();

describe('settings store', () => {
  test('gives the defaults until something is saved', async () => {
    expect(await start().store.read()).toEqual(DEFAULT);
  });

  test('gives what was saved, also to the next background', async () => {
    const { store } = start();
    expect(await store.save(DEVELOPMENT_DEFAULTS)).toEqual({ ok: true, settings: DEVELOPMENT_DEFAULTS });
    const saved = { settings: DEVELOPMENT_DEFAULTS, isStandIn: false };
    expect([await store.read(), await start().store.read()]).toEqual([saved, saved]);
  });

  test('saves nothing that does not parse, and says why', async () => {
    const { store } = start();
    await store.save(OTHER);
    expect(await store.save({ ...OTHER, feeds: 'none' })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^feeds: /),
    });
    expect((await store.read()).settings).toEqual(OTHER);
  });

  test('keeps settings that do not parse, and puts them aside with their date when others are saved', async () => {
    const { store, database } = start();
    await store.read();
    const record = { at: 7, settings: { version: 9 }, isLocalEmpty: true };
    await database.use((open) => open.put('settings', record, 'current'));
    expect(await store.read()).toEqual(STAND_IN);
    expect(await aside()).toEqual([]);
    await store.save(OTHER);
    await store.save(STORE_DEFAULTS);
    expect(await aside()).toEqual([{ at: 7, settings: { version: 9 } }]);
  });

  test('puts settings aside that could not be read when others were saved in their place', async () => {
    await start().store.save(OTHER);
    const { store } = start();
    disk.opening = 'fails';
    expect(await store.read()).toEqual(STAND_IN);
    disk.opening = 'works';
    await store.save(STORE_DEFAULTS);
    await store.save(DEVELOPMENT_DEFAULTS);
    expect(await aside()).toMatchObject([{ settings: OTHER }]);
  });

  test.each(['throws', 'fails'] as const)('lets the defaults stand in where the database %s', async (opening) => {
    await fakeBrowser.storage.local.set({ settings: OTHER });
    disk.opening = opening;
    expect(await start().store.read()).toEqual(STAND_IN);
    expect(await inLocalStorage()).toEqual({ settings: OTHER });
    await expect(start().store.save(OTHER)).rejects.toBeInstanceOf(DOMException);
  });

  test('reads again after a database that was closed under it', async () => {
    const { store } = start();
    await store.save(OTHER);
    disk.close();
    expect((await store.read()).settings).toEqual(OTHER);
    disk.forceClose();
    expect((await store.read()).settings).toEqual(OTHER);
  });
});
