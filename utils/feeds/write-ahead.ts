/**
 * Writes what the feeds of one connection got, before anybody sees it.
 *
 * Invariant: no `seq` is seen in an epoch of which the disk has an older state, or after a restart of the background the
 * same `seq` would name another update. A log whose write was refused therefore goes on under an epoch that the disk does not
 * have: {@link Log.renew}.
 */
import type { CheckpointFile, CheckpointTexts } from './checkpoint';
import { feedKey } from './tracked-feed';
import type { TrackedFeed } from './tracked-feed';

/**
 * How long nothing is tried after refused writes, in ms: twice as long after each in a row. What is shown meanwhile comes again
 * when the background is stopped, so that one refusal must not last; and a full disk does not empty between two batches.
 */
export const REFUSED_PAUSE_MS = { first: 500, max: 10_000 } as const;

/** What was written of one log: this epoch up to this `seq`, or less where a write is not known to be kept. */
interface Written {
  epoch: string;
  seq: number;
  /** Up to which `seq` the disk is sure to have it; `null`: it may have nothing. */
  keptSeq: number | null;
}

export interface WriteAhead {
  /** The last write was not kept: what comes leaves without being written. */
  readonly isRefused: boolean;
  /** Says that a log is as the disk has it. */
  setWritten(tracked: TrackedFeed): void;
  /** Whether the disk may have anything of a feed. */
  mayHave(tracked: TrackedFeed): boolean;
  /**
   * Writes all that is not written. Calls while a write is under way share the next one.
   * `undefined`: there is nothing to write, or writing was refused just now.
   * @param options.isLast nothing more comes for now: it is tried also where writing was refused just now
   */
  save(options?: { isLast: boolean }): Promise<void> | undefined;
  /**
   * Writes everything in place of what the disk has, now or with the first {@link WriteAhead.save} that is not refused. Nobody
   * calls that while nobody watches.
   */
  rewrite(): void;
  /** From now on the logs move on without being written. */
  stop(): void;
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
  const mayHave = new WeakSet<TrackedFeed>();
  let underWay: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let refusedAt: number | null = null;
  /** In a row. */
  let refusals = 0;
  /** Whether the next write replaces all that the disk has, and whether it is wanted also where nothing is new. */
  let replacing: 'no' | 'next' | 'now' = 'no';

  const writtenOf = (tracked: TrackedFeed): Written | undefined => {
    const mark = written.get(tracked);
    return mark?.epoch === tracked.log.epoch ? mark : undefined;
  };

  const isDirty = (tracked: TrackedFeed): boolean => tracked.log.seq > (writtenOf(tracked)?.seq ?? 0);

  const hasWork = (): boolean => replacing === 'now' || [...feeds()].some(isDirty);

  const mark = (tracked: TrackedFeed, keptSeq: number | null): Written => {
    const { epoch, seq } = tracked.log;
    const next = { epoch, seq, keptSeq };
    written.set(tracked, next);
    mayHave.add(tracked);
    return next;
  };

  const write = async (): Promise<void> => {
    const wanted = replacing;
    const isAll = wanted !== 'no' || file.needsAll;
    replacing = 'no';
    const taken = [...feeds()].filter((tracked) => isAll || isDirty(tracked));
    const before = new Map(taken.map((tracked) => [tracked, writtenOf(tracked)]));
    const checkpoint: CheckpointTexts = { lastEventId: lastEventId(), feeds: {} };
    const marks: Written[] = [];
    for (const tracked of taken) {
      const last = before.get(tracked);
      const options = { withFormer: isAll || last === undefined };
      checkpoint.feeds[feedKey(tracked.feed)] = tracked.log.kept(isAll ? 0 : (last?.seq ?? 0), options);
      // From now on the disk may have it, whatever the outcome is when it comes.
      marks.push(mark(tracked, last?.keptSeq ?? null));
    }
    const outcome = await file.save(checkpoint, isAll);
    if (outcome === 'kept') {
      refusedAt = null;
      refusals = 0;
      for (const kept of marks) kept.keptSeq = kept.seq;
    } else {
      refusedAt = now();
      refusals += 1;
      if (replacing === 'no') replacing = wanted;
      for (const tracked of feeds()) {
        // Refused as a whole: the disk has what it had, and a history that was never written needs no new epoch. All others
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
    const last = writtenOf(tracked);
    if (last === undefined) return;
    written.delete(tracked);
    tracked.log.renew(last.keptSeq);
  };

  const pauseMs = (): number => Math.min(REFUSED_PAUSE_MS.max, REFUSED_PAUSE_MS.first * 2 ** (refusals - 1));

  const isPaused = (): boolean => refusedAt !== null && Math.abs(now() - refusedAt) < pauseMs();

  const save = ({ isLast } = { isLast: false }): Promise<void> | undefined => {
    if ((isPaused() && !isLast) || !hasWork()) return following ?? underWay;
    if (underWay === undefined) return start();
    following ??= underWay.then(() => {
      following = undefined;
      // Refused meanwhile: the next call tries again.
      return isPaused() ? undefined : start();
    });
    return following;
  };

  return {
    get isRefused() {
      return refusedAt !== null;
    },
    setWritten(tracked) {
      mark(tracked, tracked.log.seq);
    },
    mayHave: (tracked) => mayHave.has(tracked),
    save,
    rewrite() {
      replacing = 'now';
      void save();
    },
    stop() {
      replacing = 'next';
      for (const tracked of feeds()) detach(tracked);
    },
  };
}
