import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPlacements, LOAD_LIMIT_MS, MAX_PLACEMENTS, WRITE_EVERY_MS } from '../../../utils/settings/placements';
import { createSettingsDatabase, type SettingsDatabase } from '../../../utils/settings/settings-database';
import type { PanelPlacement } from '../../../utils/ui/panel-position';
import { type FakeIndexedDb, installIndexedDb } from '../../fakes/indexed-db';

const at = (x: number): PanelPlacement => ({ right: true, bottom: false, x, y: 24, collapsed: true });
const A = 'https://a.example';

let disk: FakeIndexedDb;
let database: SettingsDatabase;
let now: number;

beforeEach(() => {
  disk = installIndexedDb();
  database = createSettingsDatabase();
  now = 1_000;
  // IndexedDB takes turns of its own.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const create = () => createPlacements(database, () => now);
/** What the next background finds. */
const onDisk = (origin = A): Promise<PanelPlacement | null> => create().load(origin);
const until = (holds: () => Promise<void>): Promise<void> => {
  vi.useRealTimers();
  return vi.waitFor(holds, { timeout: 10_000, interval: 5 });
};

describe('placements', () => {
  test('are kept by origin, for the next background too', async () => {
    const placements = create();
    expect(await placements.load(A)).toBeNull();
    placements.save(A, at(16));
    expect(await placements.load(A)).toEqual(at(16));
    await until(async () => expect(await onDisk()).toEqual(at(16)));
    expect(await onDisk('https://b.example')).toBeNull();
  });

  test.each([null, 'text', { ...at(16), x: 'far' }, [at(16)], {}])('are nothing else: %j', async (placement) => {
    const placements = create();
    placements.save(A, placement);
    expect(vi.getTimerCount()).toBe(0);
    expect(await placements.load(A)).toBeNull();
  });

  test('have no more fields than they need', async () => {
    const placements = create();
    placements.save(A, { ...at(16), more: 'x'.repeat(1_000) });
    expect(await placements.load(A)).toEqual(at(16));
  });

  test('are written at once, then once a second at most', async () => {
    const use = vi.spyOn(database, 'use');
    const placements = create();
    for (const x of [16, 17, 18]) placements.save(A, at(x));
    placements.save('https://b.example', at(20));
    expect(use).toHaveBeenCalledTimes(1);
    expect(await placements.load(A)).toEqual(at(18));
    use.mockClear();
    await vi.advanceTimersByTimeAsync(WRITE_EVERY_MS - 1);
    expect(use).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(use).toHaveBeenCalledTimes(1);
    await until(async () => expect([await onDisk(), await onDisk('https://b.example')]).toEqual([at(18), at(20)]));
  });

  test('of most origins are kept, the ones moved longest ago go', async () => {
    await database.use(async (open) => {
      const transaction = open.transaction('placements', 'readwrite');
      for (let i = 0; i < MAX_PLACEMENTS; i += 1) {
        void transaction.store.put({ at: 100 + i, placement: at(16) }, `https://${i}.example`);
      }
      await transaction.done;
    });
    create().save(A, at(16));
    await until(async () => expect(await onDisk()).toEqual(at(16)));
    expect(await database.use((open) => open.count('placements'))).toBe(MAX_PLACEMENTS);
    expect([await onDisk('https://0.example'), await onDisk('https://1.example')]).toEqual([null, at(16)]);
  });

  test('are none where the database hangs, after a second and from then on at once', async () => {
    await onDisk();
    disk.close();
    disk.opening = 'hangs';
    const placements = create();
    const first = placements.load(A);
    await vi.advanceTimersByTimeAsync(LOAD_LIMIT_MS);
    expect(await first).toBeNull();
    expect(await placements.load('https://b.example')).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('are let go where storage refuses', async () => {
    disk.opening = 'fails';
    const placements = create();
    placements.save(A, at(16));
    expect(await create().load(A)).toBeNull();
  });
});
