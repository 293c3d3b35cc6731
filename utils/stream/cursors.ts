import type { Cursor, FeedBatch, FeedInfo } from './protocol';

/** What to do with a feed's part of a batch. `gap`: updates are missing that the background did not count as lost. */
export type Acceptance = { type: 'apply'; batch: FeedBatch } | { type: 'nothing' } | { type: 'gap' };

/** How far each feed of one stream has been handed over. Outlives the stream's ports; this is what makes it resume. */
export interface Cursors {
  /**
   * Drops what was handed over before, finds gaps, and moves the cursor past what is to be applied.
   * The `lost` of an accepted event batch is what the cursor itself saw missing.
   */
  accept(batch: FeedBatch): Acceptance;
  /** For `START_UPDATES`. */
  resume(): Record<string, Cursor>;
  /** Takes the feeds that the background now offers and forgets all others. */
  keep(feeds: readonly FeedInfo[]): void;
}

export function createCursors(): Cursors {
  const cursors = new Map<string, Cursor>();
  let kinds = new Map<string, FeedInfo['kind']>();

  return {
    accept(batch) {
      const cursor = cursors.get(batch.feed);
      const from = cursor?.epoch === batch.epoch ? cursor.seq : null;
      const updates = from === null ? batch.updates : batch.updates.filter(({ seq }) => seq > from);
      const last = updates.at(-1);
      const kind = kinds.get(batch.feed);
      if (kind === undefined || !last) return { type: 'nothing' };

      let { lost } = batch;
      if (kind === 'event' && from !== null) {
        // In Firefox a port outlives the back/forward cache and what was sent meanwhile is gone: only this finds it.
        const missing = last.seq - from - updates.length;
        if (missing > lost) return { type: 'gap' };
        lost = missing;
      }
      cursors.set(batch.feed, { epoch: batch.epoch, seq: last.seq });
      return { type: 'apply', batch: { ...batch, updates, lost } };
    },
    // A feed may be called "__proto__": fromEntries defines it as an own property, an assignment would not.
    resume: () => Object.fromEntries(cursors),
    keep(feeds) {
      kinds = new Map(feeds.map(({ id, kind }) => [id, kind]));
      for (const id of cursors.keys()) if (!kinds.has(id)) cursors.delete(id);
    },
  };
}
