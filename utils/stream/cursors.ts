import type { Cursor, FeedBatch, FeedInfo } from './protocol';

/** What one batch brings that has not been handed over yet. */
export interface Acceptance {
  /** The parts to hand over, without the updates handed over before. A part without updates only confirms its feed's value. */
  parts: FeedBatch[];
  /** Events are missing that the background did not count as lost. Their feed's part is left out. */
  hasGap: boolean;
  /** Moves the cursors past `parts`. To be called once they have been handed over. */
  commit(): void;
}

/** How far each feed of one stream has been handed over. Outlives the stream's ports; this is what makes it resume. */
export interface Cursors {
  /**
   * Drops what was handed over before and finds gaps. Moves no cursor.
   * The `lost` of an accepted event part is what its cursor itself saw missing.
   */
  accept(parts: readonly FeedBatch[]): Acceptance;
  /** For `START_UPDATES`. */
  resume(): Record<string, Cursor>;
  /** Takes the feeds that the background now offers and forgets all others. */
  keep(feeds: readonly FeedInfo[]): void;
}

export function createCursors(): Cursors {
  const cursors = new Map<string, Cursor>();
  let kinds = new Map<string, FeedInfo['kind']>();

  return {
    accept(all) {
      const moved = new Map<string, Cursor>();
      const parts: FeedBatch[] = [];
      let hasGap = false;
      for (const part of all) {
        const { feed, epoch, continues, confirmedAt } = part;
        const kind = kinds.get(feed);
        // What does not continue is applied whole, whatever its epoch: its numbers say nothing of the cursor.
        const from = continues ? (moved.get(feed) ?? cursors.get(feed))?.seq : undefined;
        const updates = from === undefined ? part.updates : part.updates.filter(({ seq }) => seq > from);
        const last = updates.at(-1);
        if (kind === undefined) continue;
        if (!last) {
          // Nothing in this history yet: its first updates must not be missed, should the port die before them. A cursor of
          // another history stays: a later background may know that one.
          if (!continues && !cursors.has(feed)) moved.set(feed, { epoch, seq: 0 });
          if (continues && confirmedAt !== null) parts.push({ ...part, updates, merged: 0, lost: 0 });
          continue;
        }
        let { lost } = part;
        if (kind === 'event' && from !== undefined) {
          // In Firefox a port outlives the back/forward cache and what was sent meanwhile is gone: only this finds it.
          const missing = last.seq - from - updates.length;
          hasGap ||= missing > lost;
          if (missing > lost) continue;
          lost = missing;
        }
        moved.set(feed, { epoch, seq: last.seq });
        parts.push({ ...part, updates, lost });
      }
      return {
        parts,
        hasGap,
        commit() {
          for (const [feed, cursor] of moved) cursors.set(feed, cursor);
        },
      };
    },
    // A feed may be called "__proto__": fromEntries defines it as an own property, an assignment would not.
    resume: () => Object.fromEntries(cursors),
    keep(feeds) {
      kinds = new Map(feeds.map(({ id, kind }) => [id, kind]));
      for (const id of cursors.keys()) if (!kinds.has(id)) cursors.delete(id);
    },
  };
}
