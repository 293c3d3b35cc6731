/**
 * What the viewers of a stream know: the newest value of each feed, what came shortly before, and in which state it is.
 *
 * Plain data, no DOM and no timer. The subscriber's four callbacks go in, {@link FeedModel.snapshot} comes out. Nothing
 * here grows with what arrives: feeds, points, lines and the length of a text have limits.
 */
import type { FeedBatch, FeedInfo, FeedState, FeedStatus, Update } from '../stream/protocol';
import type { StreamState } from '../stream/subscriber';
import { shorten, type Shown } from './shorten';

/** Feeds kept; the rest of a longer list is not shown. */
export const MAX_FEEDS = 1_000;

/** Numbers kept of a feed for its sparkline. */
export const MAX_POINTS = 60;

/** Updates kept of a feed. */
export const MAX_LINES = 5;

/** One number of a sparkline. `at`: epoch ms. */
export interface Point {
  at: number;
  value: number;
}

/** One update, its value shortened. `at`: epoch ms. */
export interface Line {
  seq: number;
  at: number;
  value: Shown;
}

/** What is known of one feed. */
export interface FeedEntry {
  /** As last told, but for the epoch: that of {@link FeedEntry.newest}, if there is one. */
  info: FeedInfo;
  newest: Line | null;
  /** When the source last said that the newest value still holds, epoch ms; `null` for events and when unknown. */
  confirmedAt: number | null;
  /** Newest number minus the last one that differed from it: negative is down, `null` without two numbers. */
  change: number | null;
  /** Oldest first, {@link MAX_POINTS} at most. The last is the newest number, as of its last confirmation. */
  points: readonly Point[];
  /** The last updates, oldest first, {@link MAX_LINES} at most; what an event feed shows. */
  lines: readonly Line[];
  received: number;
  merged: number;
  lost: number;
  /** How often an event feed began a new history. */
  restarted: number;
  status: FeedStatus | null;
}

/** A feed and the state to show. `entry` is another object after each change of it, and the same object until then. */
export interface FeedView {
  entry: FeedEntry;
  state: FeedState;
}

export interface FeedSnapshot {
  stream: StreamState;
  /** `null` until the stream has said which feeds there are. */
  feeds: readonly FeedView[] | null;
}

export interface FeedModel {
  onFeeds(feeds: readonly FeedInfo[]): void;
  onBatch(batches: readonly FeedBatch[]): void;
  onStatus(status: FeedStatus): void;
  onStream(stream: StreamState): void;
  /** As of `now`, epoch ms. */
  snapshot(now: number): FeedSnapshot;
  /** Calls `listener` after each callback of the stream, until `signal` aborts, which must not have happened yet. */
  onChange(listener: () => void, options: { signal: AbortSignal }): void;
}

/**
 * When the newest value was last known to hold, epoch ms: when it arrived or was last confirmed, whichever is nearer to
 * `now`. That is the later of the two, unless the clock was set back in between. `null` without a value.
 */
export function lastKnownAt(
  { newest, confirmedAt }: Pick<FeedEntry, 'newest' | 'confirmedAt'>,
  now: number,
): number | null {
  if (!newest || confirmedAt === null) return newest && newest.at;
  return Math.abs(now - confirmedAt) < Math.abs(now - newest.at) ? confirmedAt : newest.at;
}

/**
 * The state to show of a feed as of `now` (epoch ms). `live` needs a live stream and a value that was known to hold no longer
 * ago than the feed's `staleAfterMs`. One from as far in the future counts as stale too: the clock jumped, its age is not
 * known.
 */
export function shownState(
  { info, newest, confirmedAt, status }: Pick<FeedEntry, 'info' | 'newest' | 'confirmedAt' | 'status'>,
  stream: StreamState['name'],
  now: number,
): FeedState {
  if (stream !== 'live') return newest ? 'stale' : 'waiting';
  const state = status?.state ?? (newest ? 'live' : 'waiting');
  // The background that was restarted has none yet.
  if (state === 'waiting' && newest && info.kind === 'state') return 'stale';
  if (state !== 'live') return state;
  const at = lastKnownAt({ newest, confirmedAt }, now);
  if (at === null) return info.kind === 'event' ? 'live' : 'waiting';
  return info.staleAfterMs !== null && Math.abs(now - at) > info.staleAfterMs ? 'stale' : 'live';
}

const toLine = ({ seq, at, value }: Update): Line => ({ seq, at, value: shorten(value) });

const NOTHING_YET = { newest: null, confirmedAt: null, change: null, points: [], lines: [] };

const fresh = (info: FeedInfo): FeedEntry => ({
  ...NOTHING_YET,
  info,
  received: 0,
  merged: 0,
  lost: 0,
  restarted: 0,
  status: null,
});

/**
 * The entry as of `info`, but of the epoch of what it shows: only a batch says whether a new one goes on with that.
 * With another definition, or another unit in a new history, the feed was edited, and what it showed is not of it. A unit that
 * changes within a history is the same values under another name, and they do not come again.
 */
function inform(entry: FeedEntry, info: FeedInfo): FeedEntry {
  const { epoch, definition, unit } = entry.info;
  if (info.definition !== definition || (info.epoch !== epoch && info.unit !== unit)) return fresh(info);
  return { ...entry, info: entry.newest ? { ...info, epoch } : info };
}

/**
 * Whether a batch begins anew. Events do in another history: they may be the same again, or others. A state never does: each
 * background of a polled feed counts anew, but its values are those of the same source, and each has its time. So the
 * sparkline and the change go on; {@link inform} drops them where the feed was edited.
 */
const isAnew = ({ info, newest }: FeedEntry, { continues }: FeedBatch): boolean =>
  info.kind === 'event' && newest !== null && !continues;

/** The entry as a batch finds it. In a new history nothing received before says anything of the feed; only the counts go on. */
const receive = (entry: FeedEntry, batch: FeedBatch): FeedEntry => ({
  ...entry,
  ...(isAnew(entry, batch) && { ...NOTHING_YET, restarted: entry.restarted + 1 }),
  info: { ...entry.info, epoch: batch.epoch },
});

/** Adds a number. Of three equal ones in a row the middle is left out: the line is the same, and a value that stays takes two. */
function addPoint(points: Point[], point: Point): void {
  if (points.at(-1)?.value === point.value && points.at(-2)?.value === point.value) points.pop();
  points.push(point);
}

function add(entry: FeedEntry, { updates, merged, lost, confirmedAt }: FeedBatch): FeedEntry {
  const points = [...entry.points];
  let { change } = entry;
  for (const { at, value } of updates) {
    if (typeof value !== 'number') continue;
    const difference = value - (points.at(-1)?.value ?? value);
    if (difference) change = difference;
    addPoint(points, { at, value });
  }
  // All that may be shown, so that of a long batch only the end is shortened.
  const lines = [...entry.lines, ...updates.slice(-MAX_LINES).map(toLine)].slice(-MAX_LINES);
  const newest = lines.at(-1) ?? null;
  const value = newest?.value;
  if (typeof value === 'number' && (confirmedAt ?? 0) > (points.at(-1)?.at ?? 0)) {
    addPoint(points, { at: confirmedAt ?? 0, value });
  }
  return {
    ...entry,
    newest,
    // A value that arrives is another one: what was said of the last does not hold for it.
    confirmedAt: updates.length > 0 ? confirmedAt : (confirmedAt ?? entry.confirmedAt),
    change: typeof value === 'number' ? change : null,
    points: points.slice(-MAX_POINTS),
    lines,
    received: entry.received + updates.length,
    merged: entry.merged + merged,
    lost: entry.lost + lost,
  };
}

/** Makes a model that knows nothing yet: its stream is `idle`, its feeds `null`. */
export function createFeedModel(): FeedModel {
  let entries: Map<string, FeedEntry> | null = null;
  let stream: StreamState = { name: 'idle', reason: null, detail: '', retryAt: null };
  const listeners = new Set<() => void>();

  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  return {
    onFeeds(feeds) {
      const known = entries;
      entries = new Map(
        feeds.slice(0, MAX_FEEDS).map((info) => [info.id, inform(known?.get(info.id) ?? fresh(info), info)]),
      );
      tell();
    },
    onBatch(batches) {
      for (const batch of batches) {
        const entry = entries?.get(batch.feed);
        if (entry) entries?.set(batch.feed, add(receive(entry, batch), batch));
      }
      tell();
    },
    onStatus(status) {
      const entry = entries?.get(status.feed);
      if (entry) entries?.set(status.feed, { ...entry, status });
      tell();
    },
    onStream(next) {
      stream = next;
      tell();
    },
    snapshot(now) {
      const feeds =
        entries && Array.from(entries.values(), (entry) => ({ entry, state: shownState(entry, stream.name, now) }));
      return { stream, feeds };
    },
    onChange(listener, { signal }) {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener));
    },
  };
}
