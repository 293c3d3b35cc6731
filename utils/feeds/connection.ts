/**
 * One connection to one source, shared by all feeds that name it and all who watch them.
 *
 * It is open while somebody follows one of its feeds, and for 5 s after. While it is open every feed gets its data, followed
 * or not, so that a cursor of any of them stays exact. What was got lives in the logs, here, in memory; what of it outlives
 * the background is for {@link createWriteAhead}. The owner calls `ready()` before it asks for a reader.
 */
import type { FeedReader, FollowListener } from '../stream/feed-reader';
import type { Json } from '../stream/protocol';
import { createCheckpointFile } from './checkpoint';
import type { Checkpoint } from './checkpoint';
import type { Feed, SourceDefinition } from './feed';
import { openPoll } from './poll';
import type { Patience } from './patience';
import { createReadMark } from './read-mark';
import type { Segments } from './segments';
import type { SendResult, Sink, SourceDeps, SourceStatus } from './source';
import { openSse } from './sse';
import { createTrackedFeed, feedKey } from './tracked-feed';
import type { TrackedFeed } from './tracked-feed';
import { openWebSocket } from './websocket';
import { createWriteAhead } from './write-ahead';

/** How long a source stays open after its last viewer, in ms: a page that is reloaded finds it open. */
export const LINGER_MS = 5_000;

export interface ConnectionDeps {
  deps: SourceDeps;
  segments: Segments;
  /** With the database of the segments. */
  patience: Patience;
  /** The data of the `pulse` source as of now. */
  readPulse: () => Json;
  newEpoch: () => string;
}

export interface Connection {
  /** Whether it is connected to something outside, or tries to. */
  readonly isOpen: boolean;
  /** Whether what it gets is written before it is shown. */
  readonly isDurable: boolean;
  /** Takes the feeds of new settings. Logs go on where id, kind and path are as before; who follows a removed one hears nothing more. */
  setFeeds(feeds: readonly Feed[]): void;
  /** Resolves when what was kept of it is back. Never rejects. */
  ready(): Promise<void>;
  /** `keep`: whether what this viewer asks for may be written. `null`: no such feed here. */
  reader(feedId: string, keep: boolean): FeedReader | null;
  send(text: string): SendResult;
  /** Closes it for good. */
  end(): void;
}

/** The same for the same place asked in the same way, whatever the order of the fields. */
export const connectionKey = (source: SourceDefinition): string =>
  JSON.stringify(Object.entries(source).toSorted(([a], [b]) => (a < b ? -1 : 1)));

const WAITING: SourceStatus = { state: 'waiting', reason: null, retryAt: null };

/** Makes a connection; nothing is opened or read yet. */
export function createConnection(
  source: SourceDefinition,
  { deps, segments, patience, readPulse, newEpoch }: ConnectionDeps,
): Connection {
  const readMark = createReadMark(connectionKey(source), segments, patience);
  const file = createCheckpointFile(connectionKey(source), segments, patience);
  let feeds: readonly Feed[] = [];
  let tracked = new Map<string, TrackedFeed>();
  let viewers: { tracked: TrackedFeed; keep: boolean }[] = [];
  let restored: Checkpoint | null = null;
  let isReady = false;
  let loading: Promise<void> | undefined;
  let lastEventId: string | null = null;
  /** What comes may be written: one of the viewers, or of the last there were, is in no private window. */
  let keeping = false;
  let opening: { end: AbortController; send?: (text: string) => SendResult } | null = null;
  let callOffLinger = (): void => {};
  let status = WAITING;
  /** It was live before, here or before a restart of the background. */
  let hasStreamed = false;

  const isDurable = (): boolean =>
    source.type !== 'pulse' && (source.type === 'sse' || feeds.some((feed) => feed.kind === 'event'));

  const writeAhead = createWriteAhead(file, {
    now: deps.now,
    feeds: () => tracked.values(),
    lastEventId: () => lastEventId,
    onOutcome(isKept) {
      for (const feed of tracked.values()) feed.note({ notKept: !isKept });
    },
  });

  const save = (): Promise<void> | undefined => (keeping && isDurable() ? writeAhead.save() : undefined);

  /** Before a log changes; says whether the change may be written. */
  const beforeChange = (feed: TrackedFeed): boolean => {
    if (!keeping) writeAhead.beforeUnwritten(feed);
    return keeping;
  };

  const track = (): void => {
    const old = tracked;
    tracked = new Map();
    for (const feed of feeds) {
      const key = feedKey(feed);
      const kept = restored?.feeds[key];
      const same = old.get(key) ?? createTrackedFeed(feed, { now: deps.now, newEpoch, restore: kept });
      if (!old.has(key)) {
        if (kept?.epoch === same.log.epoch) writeAhead.setWritten(same);
        same.takeStatus(status);
      }
      same.rename(feed);
      tracked.set(key, same);
    }
    hasStreamed ||= restored !== null;
    // A feed that comes back later begins anew: what was kept of it is older than what was shown of it.
    restored = null;
    const here = new Set(tracked.values());
    viewers = viewers.filter((viewer) => here.has(viewer.tracked));
  };

  const setStatus = (next: SourceStatus): void => {
    if (next.state === 'live' && status.state !== 'live') {
      const isRefused = next.reason?.code === 'resume-refused';
      const canResume = source.type === 'sse' && lastEventId !== null && lastEventId !== '' && !isRefused;
      const pushes = source.type === 'sse' || source.type === 'websocket';
      const mayHaveMissed = pushes && hasStreamed && !canResume;
      for (const feed of tracked.values()) feed.note({ mayHaveMissed });
      hasStreamed = true;
    }
    status = next;
    for (const feed of tracked.values()) feed.takeStatus(next);
  };

  const createSink = (): Sink => {
    const forEach =
      <Args extends unknown[]>(take: (feed: TrackedFeed, ...args: Args) => void) =>
      (...args: Args): void => {
        for (const feed of tracked.values()) take(feed, ...args);
      };
    return {
      onData(data) {
        for (const feed of tracked.values()) {
          // An answer asked for is no event; that it changed is one.
          const onlyChanged = source.type === 'poll' && feed.feed.kind === 'event';
          feed.take(data, { keep: beforeChange(feed), onlyChanged });
        }
      },
      onFresh: forEach((feed) => feed.takeFresh()),
      onLife: forEach((feed) => feed.takeLife()),
      onMissed: forEach((feed, count) => {
        if (feed.feed.kind === 'state') return feed.note({ mayHaveMissed: true });
        beforeChange(feed);
        feed.log.skip(count);
      }),
      onNewHistory: forEach((feed) => {
        feed.log.restart();
        feed.tellNews();
      }),
      onBad: forEach((feed, code, detail) => feed.takeBad(code, detail)),
      onId(id) {
        lastEventId = id;
      },
      onStatus: setStatus,
    };
  };

  const paceMs = (): number => Math.min(...feeds.map((feed) => feed.paceMs));

  const open = (): void => {
    callOffLinger();
    if (opening !== null) return;
    const end = new AbortController();
    opening = { end };
    const options = { deps, signal: end.signal };
    const sink = createSink();
    if (source.type === 'pulse') sink.onStatus({ state: 'live', reason: null, retryAt: null });
    if (source.type === 'poll') openPoll(source, sink, { ...options, readMark, paceMs: paceMs() });
    if (source.type === 'sse') openSse(source, sink, { ...options, readMark, lastEventId });
    if (source.type === 'websocket') opening = { end, ...openWebSocket(source, sink, options) };
  };

  const close = (): void => {
    callOffLinger();
    if (opening === null) return;
    opening.end.abort();
    opening = null;
    setStatus(WAITING);
    // What came while nobody was there to see it. Nobody waits for it.
    void save();
  };

  const onViewers = (): void => {
    if (viewers.length > 0) {
      keeping = viewers.some((viewer) => viewer.keep);
      open();
      return;
    }
    callOffLinger();
    if (opening !== null) callOffLinger = deps.after(LINGER_MS, close);
  };

  const sample = (feed: TrackedFeed): void => {
    feed.take(readPulse(), { keep: false, onlyChanged: true });
  };

  const load = async (): Promise<void> => {
    if (isDurable()) restored = await file.load();
    hasStreamed = file.isUnread;
    lastEventId = restored?.lastEventId ?? null;
    isReady = true;
    track();
  };

  return {
    get isOpen() {
      return opening !== null && source.type !== 'pulse';
    },
    get isDurable() {
      return isDurable();
    },
    setFeeds(next) {
      const oldPaceMs = paceMs();
      feeds = next;
      // Before that there are no logs, and nobody who follows them.
      if (!isReady) return;
      track();
      if (source.type === 'poll' && opening !== null && paceMs() !== oldPaceMs) close();
      onViewers();
    },
    ready: () => (loading ??= load()),
    reader(feedId, keep) {
      const feed = [...tracked.values()].find((one) => one.feed.id === feedId);
      if (feed === undefined) return null;
      return {
        get info() {
          return feed.info;
        },
        get status() {
          return feed.status;
        },
        read: (cursor, maxBytes) => feed.log.read(cursor, maxBytes),
        waitingBytes: (cursor) => feed.log.waitingBytes(cursor),
        sample: source.type === 'pulse' ? () => sample(feed) : null,
        save,
        follow(listener: FollowListener) {
          // The settings may have removed it since.
          if (tracked.get(feedKey(feed.feed)) !== feed) return () => {};
          const viewer = { tracked: feed, keep };
          const unfollow = feed.follow(listener);
          viewers.push(viewer);
          onViewers();
          return () => {
            unfollow();
            if (!viewers.includes(viewer)) return;
            viewers = viewers.filter((other) => other !== viewer);
            onViewers();
          };
        },
      };
    },
    send(text) {
      if (source.type !== 'websocket') return { ok: false, reason: 'not-a-websocket' };
      return opening?.send?.(text) ?? { ok: false, reason: 'not-open' };
    },
    end() {
      viewers = [];
      tracked = new Map();
      close();
    },
  };
}
