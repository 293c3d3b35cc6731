/**
 * One feed of a connection: its log, its state, and who follows it. It is told what its source gives; it does not know
 * where from.
 */
import type { FollowListener } from '../stream/feed-reader';
import type { FeedInfo, FeedStatus, Json, StatusReason } from '../stream/protocol';
import type { Feed } from './feed';
import { feedDefinition } from './feed-definition';
import { feedStatus } from './feed-status';
import type { HeapBudget } from './heap-budget';
import { isBounded } from './heap-cost';
import { createLog } from './log';
import type { KeptLog, Log } from './log';
import { parsePath, select } from './select';
import type { Path } from './select';
import { because } from './source';
import type { SourceStatus } from './source';

/** How long refused messages of a stream are shown after the last one, in ms: until good data comes after it. */
export const BAD_SHOWN_MS = 10_000;

export interface TrackedFeed {
  readonly feed: Feed;
  readonly log: Log;
  readonly info: FeedInfo;
  readonly status: FeedStatus;
  /** Takes another name, unit or pace; see {@link feedKey} for what cannot change. */
  rename(feed: Feed): void;
  /**
   * Selects the value in `data` and appends it. `isWritten`: it will be written. `onlyChanged`: the newest again is no value; of
   * a state it is confirmed.
   */
  take(data: Json, options: { isWritten: boolean; onlyChanged: boolean }): void;
  /** The source was asked and has nothing newer: a state is confirmed. */
  takeFresh(): void;
  /** The source lives, and would have sent what is newer: a state is confirmed, unless a message was unreadable. Cheap. */
  takeLife(): void;
  /** The source refused a message. */
  takeBad(code: 'bad-data' | 'too-large', detail: string): void;
  takeStatus(source: SourceStatus): void;
  /** `mayHaveMissed`: of a state it is over with the next value, and is not shown. */
  note(notes: { notKept?: boolean; mayHaveMissed?: boolean }): void;
  /** Tells the followers that there may be something new. */
  tellNews(): void;
  follow(listener: FollowListener): () => void;
  /** Gives up what it holds. */
  end(): void;
}

/** Names a feed as far as its log goes: with another kind or path what was kept is not its history. */
export const feedKey = ({ id, kind, path }: Feed): string => JSON.stringify([id, kind, path]);

/** Age in ms from which a feed's newest value counts as stale. */
export function staleAfterMs({ kind, source, paceMs }: Feed): number | null {
  if (kind === 'event') return null;
  return 'silentAfterMs' in source ? source.silentAfterMs : Math.max(2 * paceMs, 5_000);
}

/** Part of a pace after which a confirmation is told: two answers are never exactly a pace apart. */
const ALMOST = 0.9;

/** How often followers are told that a state holds, in ms: once a pace at most, and so often that it does not turn stale between. */
const confirmEveryMs = (feed: Feed): number => Math.min(ALMOST * feed.paceMs, (staleAfterMs(feed) ?? Infinity) / 2);

const WAITING: SourceStatus = { state: 'waiting', reason: null, retryAt: null };

const isSame = (a: SourceStatus, b: SourceStatus): boolean =>
  a.state === b.state &&
  a.retryAt === b.retryAt &&
  a.reason?.code === b.reason?.code &&
  a.reason?.detail === b.reason?.detail;

/**
 * Begins to track a feed.
 * @throws {TypeError} when its path does not parse; {@link parseFeed} lets none through
 */
export function createTrackedFeed(
  initial: Feed,
  {
    now,
    newEpoch,
    heap,
    restore,
  }: { now: () => number; newEpoch: () => string; heap: HeapBudget; restore: KeptLog | undefined },
): TrackedFeed {
  const path = pathOf(initial);
  const definition = feedDefinition(initial);
  const log = createLog(initial.kind, { newEpoch, restore, onHeap: heap.take });
  const followers = new Set<FollowListener>();
  const answers = initial.source.type === 'poll';
  let feed = initial;
  let source = WAITING;
  const startedAt = now();
  /** When followers were last told of a value, or that it holds. */
  let toldAt = -Infinity;
  /** Found in the data of this opening. Not each message of a stream need have every feed's value. */
  let hasFound = false;
  let missing: StatusReason | null = null;
  let bad: { reason: StatusReason; what: string; count: number; at: number } | null = null;
  let notKept: StatusReason | null = null;
  let mayHaveMissed: StatusReason | null = null;
  /** Something came after the newest value, or may have, that was not read: it may be another by now. */
  let isDoubtful = false;
  let shown: SourceStatus = WAITING;
  let since = startedAt;
  let newsWaits = false;

  /** A time that lies ahead is of before the clock was set back: as long ago, not to come. */
  const elapsedMs = (at: number): number => Math.abs(now() - at);

  const derive = (): SourceStatus => {
    const limitMs = staleAfterMs(feed);
    return feedStatus({
      kind: feed.kind,
      source,
      hasValue: log.newest !== null,
      isOverdue:
        answers && log.newest !== null && limitMs !== null && elapsedMs(log.confirmedAt ?? startedAt) > limitMs,
      path: missing,
      bad: bad?.reason ?? null,
      notKept,
      mayHaveMissed,
    });
  };

  const refresh = (): void => {
    const next = derive();
    if (isSame(next, shown)) return;
    if (next.state !== shown.state) since = now();
    shown = next;
    for (const follower of followers) follower.onStatus();
  };

  /** What the log will refuse is never the newest: JSON.parse nests deeper than JSON.stringify can follow. */
  const isAgain = (value: Json): boolean =>
    log.newest !== null && isBounded(value) && JSON.stringify(log.newest.value) === JSON.stringify(value);

  const append = (value: Json, isWritten: boolean): void => {
    const at = now();
    const appended = log.append(value, at, isWritten);
    if (!appended.ok) return tracked.takeBad(appended.code, appended.reason);
    isDoubtful = false;
    toldAt = at;
    tracked.tellNews();
    onGood();
  };

  const confirm = (): void => {
    if (feed.kind === 'event') return;
    const at = now();
    log.confirm(at);
    if (elapsedMs(toldAt) < confirmEveryMs(feed)) return;
    toldAt = at;
    tracked.tellNews();
  };

  const onGood = (): void => {
    const isOver = bad !== null && (answers || elapsedMs(bad.at) >= BAD_SHOWN_MS);
    if (isOver) bad = null;
    // Nothing else that comes with a value changes a feed that is live, and thousands come in a second.
    if (isOver || shown.state !== 'live') refresh();
  };

  const tracked: TrackedFeed = {
    get feed() {
      return feed;
    },
    log,
    get info() {
      const { id, name, kind, unit } = feed;
      return { id, name, kind, unit, epoch: log.epoch, definition, staleAfterMs: staleAfterMs(feed) };
    },
    get status() {
      return { feed: feed.id, since, ...shown };
    },
    rename(next) {
      feed = next;
      refresh();
    },
    take(data, { isWritten, onlyChanged }) {
      const selected = select(path, data);
      if (!selected.ok) {
        if (answers || !hasFound) missing = because('path', feed.path);
        refresh();
        return;
      }
      hasFound = true;
      missing = null;
      if (!onlyChanged || !isAgain(selected.value)) return append(selected.value, isWritten);
      isDoubtful = false;
      confirm();
      onGood();
    },
    takeFresh() {
      // Its last data had no value, or one that was refused: that it has nothing newer says nothing of the one before.
      if (missing !== null || isDoubtful) return;
      confirm();
      onGood();
    },
    takeLife() {
      if (isDoubtful || missing !== null) return;
      confirm();
    },
    takeBad(code, what) {
      isDoubtful = true;
      const count = bad?.what === what ? bad.count + 1 : 1;
      // Thousands a second may be bad: told at the 1st, 2nd, 4th, 8th...
      const isTold = (count & (count - 1)) === 0;
      const reason =
        bad !== null && !isTold ? bad.reason : because(code, count === 1 ? what : `${what} (${count} times)`);
      bad = { reason, what, count, at: now() };
      refresh();
    },
    takeStatus(next) {
      source = next;
      if (next.state === 'waiting') {
        hasFound = false;
        missing = null;
        bad = null;
      }
      refresh();
    },
    note(notes) {
      if (notes.notKept !== undefined) notKept = notes.notKept ? because('not-kept') : null;
      isDoubtful ||= notes.mayHaveMissed === true;
      if (feed.kind === 'event' && notes.mayHaveMissed !== undefined) {
        mayHaveMissed = notes.mayHaveMissed ? because('may-have-missed') : null;
      }
      refresh();
    },
    tellNews() {
      if (newsWaits) return;
      newsWaits = true;
      // A source hands over thousands of updates in one go: the followers hear of them once, when all are in.
      queueMicrotask(() => {
        newsWaits = false;
        for (const follower of followers) follower.onNews();
      });
    },
    follow(listener) {
      // A listener that follows twice is two followers.
      const follower = { onNews: () => listener.onNews(), onStatus: () => listener.onStatus() };
      followers.add(follower);
      return () => followers.delete(follower);
    },
    end() {
      followers.clear();
      heap.remove(log);
    },
  };
  heap.add(log);
  return tracked;
}

function pathOf({ path }: Feed): Path {
  const parsed = parsePath(path);
  if (!parsed.ok) throw new TypeError(`Cannot track the path "${path}": ${parsed.reason}`);
  return parsed.path;
}
