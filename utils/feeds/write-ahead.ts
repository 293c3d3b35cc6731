/**
 * Writes what the feeds of one connection got, before anybody sees it.
 *
 * Invariant: no `seq` is seen in an epoch of which the disk has an older state, or after a restart of the background the
 * same `seq` would name another update. Where updates are shown that are not written (a private window, a write that
 * was refused), their log goes on under an epoch that the disk does not have: {@link Log.reissue}. A state that is only
 * given again ({@link Log.refresh}) is not written: its log goes on under another epoch whenever it is restored.
 */
import type { CheckpointFile, CheckpointTexts } from './checkpoint';
import { feedKey } from './tracked-feed';
import type { TrackedFeed } from './tracked-feed';

/** How long nothing is tried after a refused write, in ms. A full disk does not empty between two batches. */
export const REFUSED_PAUSE_MS = 10_000;

/** What the disk has of one log: this epoch up to this `seq`. */
interface Written {
  epoch: string;
  seq: number;
}

export interface WriteAhead {
  /** To be called before a log moves on without being written. */
  beforeUnwritten(tracked: TrackedFeed): void;
  /** Says that a log is as the disk has it. */
  setWritten(tracked: TrackedFeed): void;
  /**
   * Writes all that is not written. Calls while a write is under way share the next one.
   * `undefined`: there is nothing to write, or writing was refused just now.
   */
  save(): Promise<void> | undefined;
}

/** Begins with nothing written. `onOutcome` is told of each write whether it was kept. */
export function createWriteAhead(
  file: CheckpointFile,
  {
    now,
    feeds,
    lastEventId,
    onOutcome,
  }: {
    now: () => number;
    feeds: () => Iterable<TrackedFeed>;
    lastEventId: () => string | null;
    onOutcome: (isKept: boolean) => void;
  },
): WriteAhead {
  const written = new WeakMap<TrackedFeed, Written>();
  let underWay: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let refusedAt: number | null = null;

  const writtenOf = (tracked: TrackedFeed): Written | undefined => {
    const mark = written.get(tracked);
    return mark?.epoch === tracked.log.epoch ? mark : undefined;
  };

  const isDirty = (tracked: TrackedFeed): boolean => tracked.log.lastChange > (writtenOf(tracked)?.seq ?? 0);

  const mark = (tracked: TrackedFeed): void => {
    written.set(tracked, { epoch: tracked.log.epoch, seq: tracked.log.seq });
  };

  const write = async (): Promise<void> => {
    const isAll = file.needsAll;
    const taken = [...feeds()].filter((tracked) => isAll || isDirty(tracked));
    const before = new Map(taken.map((tracked) => [tracked, writtenOf(tracked)]));
    const checkpoint: CheckpointTexts = { lastEventId: lastEventId(), feeds: {} };
    for (const tracked of taken) {
      checkpoint.feeds[feedKey(tracked.feed)] = tracked.log.kept(isAll ? 0 : (before.get(tracked)?.seq ?? 0));
      // From now on the disk may have it, whatever the outcome is when it comes.
      mark(tracked);
    }
    const outcome = await file.save(checkpoint, isAll);
    if (outcome === 'kept') {
      refusedAt = null;
    } else {
      refusedAt = now();
      for (const tracked of feeds()) {
        // Refused as a whole: the disk has what it had, and of a history that it never had nothing needs to change. All others
        // will be shown without being written, also those that had nothing to write this time.
        const isNew = before.has(tracked) && before.get(tracked) === undefined;
        if (outcome === 'refused' && isNew) written.delete(tracked);
        else detach(tracked);
      }
    }
    onOutcome(outcome === 'kept');
  };

  const start = (): Promise<void> => {
    underWay = write().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };

  const detach = (tracked: TrackedFeed): void => {
    if (writtenOf(tracked) === undefined) return;
    written.delete(tracked);
    tracked.log.reissue();
  };

  const isPaused = (): boolean => refusedAt !== null && Math.abs(now() - refusedAt) < REFUSED_PAUSE_MS;

  return {
    beforeUnwritten: detach,
    setWritten: mark,
    save() {
      if (isPaused() || ![...feeds()].some(isDirty)) return following ?? underWay;
      if (underWay === undefined) return start();
      following ??= underWay.then(() => {
        following = undefined;
        // Refused meanwhile: the next call tries again.
        return isPaused() ? undefined : start();
      });
      return following;
    },
  };
}
