import type { TranscriptStore } from './transcript';

/** The browser's `storage.session`, as far as it is used here. */
export interface SessionArea {
  get(key: string): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
}

/** Where each conversation lies. */
export type SessionKey = 'conversation' | 'private-conversation';

/**
 * Keeps a transcript in `storage.session`: it outlives the worker, not the browser, and is never on disk.
 * `area` is asked for at each use, because a browser may lack it.
 */
export const createSessionStore = (area: () => SessionArea, key: SessionKey): TranscriptStore => ({
  load: async () => (await area().get(key))[key],
  save: async (entries) => area().set({ [key]: entries }),
});
