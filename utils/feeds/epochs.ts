/**
 * The names under which one history of a log goes on, and the cursors that they mean.
 *
 * Invariant that everything else leans on: within one epoch a `seq` means the same update for ever. A log whose updates are
 * shown although the disk does not have them is therefore renewed: after a restart of the background the old epoch, which is
 * on the disk, gives the same `seq` to other updates.
 */
import type { Cursor } from '../stream/protocol';

/** Epochs before this one whose cursors can still be read from, at most. */
export const MAX_FORMER = 1_000;

/** Longer ones a port does not take. */
const MAX_EPOCH_LENGTH = 64;

/** Where a cursor goes on: behind `after`. `continues`: all up to there is of the history that the cursor counts in. */
export interface Place {
  after: number;
  continues: boolean;
}

export interface Epochs {
  /** The current one. */
  readonly current: string;
  /** Those before it in this history, the newest first, and the last `seq` of each. */
  readonly former: readonly Cursor[];
  /** Begins another history. */
  restart(): void;
  /**
   * Goes on with this history under another epoch.
   * @param seq the last that was given out
   * @param keptSeq the last that the disk is sure to have under the current epoch; `null`: it may have nothing of it
   */
  renew(seq: number, keptSeq: number | null): void;
  /** The place of a cursor in a log that has given out `seq`; `null`: nothing is known of it. */
  find(cursor: Cursor, seq: number): Place | null;
}

/** Makes an id for an epoch, of 96 bits. Two and a number fit into one name. */
export const createEpochId = (): string => crypto.randomUUID().replaceAll('-', '').slice(0, 24);

/*
 * A renewed epoch is called `id~id of the one before~seq`, its `seq` in base 36 the last that the disk had under the one
 * before. A background that finds only that one on the disk has never heard of the renewed one, and still knows that a page
 * with such a cursor has all up to there.
 */
const idOf = (epoch: string): string => epoch.split('~', 1)[0] ?? '';

function originOf(epoch: string): Cursor | null {
  const [, before, kept] = epoch.split('~');
  const seq = Number.parseInt(kept ?? '', 36);
  return before !== undefined && Number.isSafeInteger(seq) && seq >= 0 ? { epoch: before, seq } : null;
}

/** Begins a history, or goes on with `restore`. */
export function createEpochs(
  newEpoch: () => string,
  restore?: { epoch: string; former?: readonly Cursor[] | undefined },
): Epochs {
  let current = restore?.epoch ?? newEpoch();
  let former: readonly Cursor[] = restore?.former ?? [];

  /** Up to which `seq` an epoch is of this history; `null`: not at all. */
  const endOf = (isIt: (epoch: string) => boolean, seq: number): number | null =>
    isIt(current) ? seq : (former.find(({ epoch }) => isIt(epoch))?.seq ?? null);

  return {
    get current() {
      return current;
    },
    get former() {
      return former;
    },
    restart() {
      current = newEpoch();
      former = [];
    },
    renew(seq, keptSeq) {
      former = [{ epoch: current, seq }, ...former].slice(0, MAX_FORMER);
      const id = newEpoch();
      const origin = keptSeq === null ? originOf(current) : { epoch: idOf(current), seq: keptSeq };
      const name = origin === null ? id : `${id}~${origin.epoch}~${origin.seq.toString(36)}`;
      current = name.length <= MAX_EPOCH_LENGTH ? name : id;
    },
    find(cursor, seq) {
      const end = endOf((epoch) => epoch === cursor.epoch, seq);
      // A cursor ahead of its log is of another history that began under the same name.
      if (end !== null) return cursor.seq <= end ? { after: cursor.seq, continues: true } : null;
      const origin = originOf(cursor.epoch);
      if (origin === null) return null;
      const originEnd = endOf((epoch) => idOf(epoch) === origin.epoch, seq);
      if (originEnd === null || originEnd < origin.seq) return null;
      return { after: Math.min(cursor.seq, origin.seq), continues: cursor.seq <= origin.seq };
    },
  };
}
