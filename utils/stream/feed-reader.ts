import type { Cursor, FeedInfo, FeedStatus, Update } from './protocol';

/** What lies after a cursor. `more`: the byte limit cut it, read again from the last `seq`. */
export interface Reading {
  epoch: string;
  /** `true`: `updates` follow the cursor in the same history, perhaps under a renewed epoch. `false`: a snapshot, or another history. */
  continues: boolean;
  /** Where the next reading goes on: the last `seq` in `updates`, or the place after which there is nothing yet. */
  seq: number;
  updates: Update[];
  /** Values of a state passed over because a newer one is in `updates`; 0 for events. */
  merged: number;
  /** Events after the cursor that are no longer kept; 0 for a state. */
  lost: number;
  /** When the source last said that the newest value of a state still holds, epoch ms; `null` for events and when unknown. */
  confirmedAt: number | null;
  /** Size of `updates` as JSON, at most this many UTF-8 bytes. */
  bytes: number;
  more: boolean;
}

export interface FollowListener {
  /** There may be something after the cursor now. Called often; must be cheap and must not throw. */
  onNews(): void;
  /** {@link FeedReader.status} changed. */
  onStatus(): void;
}

/**
 * All that a producer knows of a feed. The stream pulls: a slow page costs a cursor, not a queue.
 * Made by whoever owns the feeds, one for each port and feed.
 */
export interface FeedReader {
  /** As of now; `epoch` changes when the feed begins a new history. */
  readonly info: FeedInfo;
  /**
   * Reads what lies after `cursor`, oldest first, at most `maxBytes` of it, but at least one update if there is one.
   * `null` gives a snapshot: what a new viewer should see first. A cursor of an unknown epoch, or ahead of the log, gives a
   * snapshot of state, and of events all that this history keeps: the viewer was there before it began.
   */
  read(cursor: Cursor | null, maxBytes: number): Reading;
  /**
   * Bytes that {@link read} would give of an event feed without a limit; 0 of a state, which does not grow by waiting, and of
   * a snapshot. Called with all news: cheap.
   */
  waitingBytes(cursor: Cursor | null): number;
  /** For a feed that is read at each tick of the producer: takes a new value if it changed. */
  readonly sample: (() => void) | null;
  /**
   * Makes all that {@link read} returned so far outlive the background. `undefined` when there is nothing to write.
   * Never rejects: where the browser refuses to keep anything the feed's status says so.
   */
  save(): Promise<void> | undefined;
  /** As of now. */
  readonly status: FeedStatus;
  /** Becomes a viewer: the source runs while there is one. Returns what ends it. */
  follow(listener: FollowListener): () => void;
}
