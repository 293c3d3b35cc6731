/**
 * Where the panel is on the pages of an origin. Pages send it by their ports, and the origin comes from the browser's word
 * on the sender, therefore no page can read or move another's. Only placements are kept: nothing else that a page sends
 * outlives it.
 */
import { type PanelPlacement, parsePlacement } from '../ui/panel-position';
import type { SettingsDatabase } from './settings-database';

/** Origins of which a placement is kept, at most; the ones moved longest ago go. */
export const MAX_PLACEMENTS = 500;
/** Shortest time between two writes, in ms. */
export const WRITE_EVERY_MS = 1_000;

/** How long a placement is waited for, in ms: the handshake of a page waits with it, and is given up after 3 s. */
export const LOAD_LIMIT_MS = 1_000;

export interface Placements {
  /** `null` where none is known, or storage refuses or hangs: after {@link LOAD_LIMIT_MS}. Never rejects. */
  load(origin: string): Promise<PanelPlacement | null>;
  /** Keeps it, at the latest after {@link WRITE_EVERY_MS}. What is no placement is dropped. Not for private windows. */
  save(origin: string, placement: unknown): void;
}

export function createPlacements(database: SettingsDatabase, now: () => number): Placements {
  const unwritten = new Map<string, PanelPlacement>();
  let resting: ReturnType<typeof setTimeout> | undefined;

  const put = (pending: readonly [origin: string, placement: PanelPlacement][]): Promise<void> =>
    database.use(async (open) => {
      const transaction = open.transaction('placements', 'readwrite', { durability: 'relaxed' });
      const { store } = transaction;
      await Promise.all(pending.map(([origin, placement]) => store.put({ at: now(), placement }, origin)));
      const surplus = (await store.count()) - MAX_PLACEMENTS;
      if (surplus > 0) {
        const oldest = await store.index('at').getAllKeys(null, surplus);
        await Promise.all(oldest.map((origin) => store.delete(origin)));
      }
      await transaction.done;
    });
  const write = async (): Promise<void> => {
    resting = setTimeout(() => {
      resting = undefined;
      if (unwritten.size > 0) void write();
    }, WRITE_EVERY_MS);
    const pending = [...unwritten];
    // A refused write is let go: the panel then starts where it was before.
    await put(pending).catch(() => undefined);
    for (const [origin, placement] of pending) if (unwritten.get(origin) === placement) unwritten.delete(origin);
  };

  return {
    async load(origin) {
      const pending = unwritten.get(origin);
      if (pending) return pending;
      const kept = await database.use((open) => open.get('placements', origin), LOAD_LIMIT_MS).catch(() => undefined);
      const parsed = parsePlacement(kept?.placement);
      return parsed.ok ? parsed.placement : null;
    },
    save(origin, placement) {
      const parsed = parsePlacement(placement);
      if (!parsed.ok) return;
      unwritten.set(origin, parsed.placement);
      if (resting === undefined) void write();
    },
  };
}
