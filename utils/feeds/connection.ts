/**
 * One connection to one source, shared by all feeds that name it and all who watch them. What it gets lives in the logs of its
 * feeds, in memory; {@link createWriteAhead} persists it. The owner calls `ready()` before it asks for a reader.
 */
import type { FeedReader, FollowListener } from '../stream/feed-reader';
import type { Json } from '../stream/protocol';
import { createCheckpointFile } from './checkpoint';
import type { Checkpoint } from './checkpoint';
import { connectionKey, lineKey } from './connection-key';
import type { Feed, SourceDefinition } from './feed';
import type { HeapBudget } from './heap-budget';
import { createLine } from './line';
import type { Line } from './line';
import { createPatience } from './patience';
import type { Patience } from './patience';
import { createReadMark } from './read-mark';
import type { Segments } from './segments';
import type { SendResult, SourceDeps } from './source';
import { createTrackedFeed, feedKey } from './tracked-feed';
import type { TrackedFeed } from './tracked-feed';
import { createWriteAhead } from './write-ahead';
import { createWriteBudget, WRITE_LIMITS } from './write-budget';
import type { WriteBudget } from './write-budget';

/** Where what a connection gets is kept. */
export interface Disk {
  segments: Segments;
  /** With the database of the segments. */
  patience: Patience;
  /** Shared by all connections. */
  budget: WriteBudget;
}

export interface ConnectionDeps {
  deps: SourceDeps;
  /** `null`: nothing of it is kept, and nothing that was. */
  disk: Disk | null;
  heap: HeapBudget;
  /** The data of the `pulse` source as of now. */
  readPulse: () => Json;
  newEpoch: () => string;
  /**
   * Whether what was kept of a feed is of it: not after the settings lacked it, however often writing was refused since.
   * Default: always.
   */
  mayGoOn?: (feed: Feed) => boolean;
}

export interface Connection {
  /** How many lines are connected to something outside, or try to be. */
  readonly openLines: number;
  /** Whether what it gets is written before it is shown. */
  readonly isDurable: boolean;
  /** Takes the feeds of new settings. Logs go on where id, kind and path are as before; who follows a removed one hears nothing more. */
  setFeeds(feeds: readonly Feed[]): void;
  /** Resolves when what was kept of it is back. Never rejects. */
  ready(): Promise<void>;
  /** `null`: no such feed here. */
  reader(feedId: string): FeedReader | null;
  send(feedId: string, text: string): SendResult;
  /** See {@link Line.recheckAccess}. */
  recheckAccess(): Promise<void>;
  /** Closes it for good. */
  end(): void;
}

/** Makes a connection; nothing is opened or read yet. */
export function createConnection(
  source: SourceDefinition,
  { deps, disk, heap, readPulse, newEpoch, mayGoOn = () => true }: ConnectionDeps,
): Connection {
  let feeds: readonly Feed[] = [];
  let tracked = new Map<string, TrackedFeed>();
  let lines = new Map<string, Line>();
  let viewers: TrackedFeed[] = [];
  let isReady = false;
  let loading: Promise<void> | undefined;
  let lastEventId: string | null = null;
  const streamed = new WeakSet<TrackedFeed>();

  const isDurable = (): boolean =>
    disk !== null && source.type !== 'pulse' && (source.type === 'sse' || feeds.some((feed) => feed.kind === 'event'));

  const file =
    disk &&
    createCheckpointFile(connectionKey(source), disk.segments, {
      patience: disk.patience,
      budget: createWriteBudget(WRITE_LIMITS.connection, deps, disk.budget),
    });
  const writeAhead =
    file &&
    createWriteAhead(file, {
      now: deps.now,
      feeds: () => tracked.values(),
      lastEventId: () => lastEventId,
      onOutcome(isKept) {
        for (const feed of tracked.values()) feed.note({ notKept: !isKept });
      },
    });

  const save = (): Promise<void> | undefined => (isDurable() ? writeAhead?.save() : undefined);

  const readMark = createReadMark(
    connectionKey(source),
    disk?.segments ?? null,
    disk?.patience ?? createPatience(deps),
  );

  const createOwnLine = (): Line =>
    createLine({
      deps,
      readMark,
      lastEventId: { get: () => lastEventId, set: (id) => void (lastEventId = id) },
      isWritten: () => isDurable() && writeAhead?.isRefused === false,
      streamed,
      // What came while nobody was there to see it. Nobody waits for it.
      onClosed: () => void (isDurable() && writeAhead?.save({ isLast: true })),
    });

  const watch = (): void => {
    for (const [key, line] of lines) line.setWatched(viewers.some(({ feed }) => lineKey(feed.source) === key));
  };

  const trackLines = (): void => {
    const groups = Map.groupBy(tracked.values(), ({ feed }) => lineKey(feed.source));
    for (const [key, line] of lines) if (!groups.has(key)) line.end();
    lines = new Map([...groups.keys()].map((key) => [key, lines.get(key) ?? createOwnLine()]));
    for (const [key, group] of groups) lines.get(key)?.setFeeds(group);
  };

  const begin = (feed: Feed, restored: Checkpoint | null): TrackedFeed => {
    const restore = restored?.feeds[feedKey(feed)];
    const begun = createTrackedFeed(feed, { now: deps.now, newEpoch, heap, restore });
    if (restore !== undefined) {
      writeAhead?.setWritten(begun);
      streamed.add(begun);
    }
    // What is true of its siblings: the first that comes to it leaves like what comes to them.
    begun.note({ notKept: isDurable() && writeAhead?.isRefused === true });
    return begun;
  };

  const track = (restored: Checkpoint | null): void => {
    const old = tracked;
    tracked = new Map(feeds.map((feed) => [feedKey(feed), old.get(feedKey(feed)) ?? begin(feed, restored)]));
    for (const feed of feeds) tracked.get(feedKey(feed))?.rename(feed);
    const gone = [...old.values()].filter((feed) => tracked.get(feedKey(feed.feed)) !== feed);
    for (const feed of gone) feed.end();
    viewers = viewers.filter((viewer) => !gone.includes(viewer));
    trackLines();
    if (!isDurable()) writeAhead?.stop();
    // A feed that comes back later begins anew: what was kept of it is older than what its siblings have seen since.
    else if (gone.some((feed) => writeAhead?.mayHave(feed))) writeAhead?.rewrite();
  };

  const load = async (): Promise<void> => {
    const found = isDurable() ? ((await file?.load()) ?? null) : null;
    const goingOn = feeds.filter(mayGoOn).map(feedKey);
    const kept = Object.entries(found?.feeds ?? {});
    const restored = kept.filter(([key]) => goingOn.includes(key));
    // Of the source as of a feed: where none goes on nobody waits for what came after its last event.
    lastEventId = restored.length > 0 ? (found?.lastEventId ?? null) : null;
    isReady = true;
    track({ lastEventId, feeds: Object.fromEntries(restored) });
    if (file?.isUnread) for (const feed of tracked.values()) streamed.add(feed);
    if (restored.length < kept.length) writeAhead?.rewrite();
  };

  const connection: Connection = {
    get openLines() {
      return [...lines.values()].filter(({ isOpen }) => isOpen).length;
    },
    get isDurable() {
      return isDurable();
    },
    setFeeds(next) {
      const keys = new Set(next.map(feedKey));
      const isRemoved = feeds.some((feed) => !keys.has(feedKey(feed)));
      const isAdded = !next.every(mayGoOn);
      feeds = next;
      if (isReady) {
        track(null);
        watch();
      } else if (isRemoved || isAdded) {
        // To read what was kept is how it is found out whether anything of a feed is that was removed, now or before.
        void connection.ready();
      }
    },
    ready: () => (loading ??= load()),
    reader(feedId) {
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
        sample: source.type === 'pulse' ? () => feed.take(readPulse(), { isWritten: false, onlyChanged: true }) : null,
        save,
        follow(listener: FollowListener) {
          // The settings may have removed it since.
          if (tracked.get(feedKey(feed.feed)) !== feed) return () => {};
          const unfollow = feed.follow(listener);
          let isFollowing = true;
          viewers.push(feed);
          watch();
          return () => {
            unfollow();
            const place = viewers.indexOf(feed);
            if (!isFollowing || place < 0) return;
            isFollowing = false;
            viewers.splice(place, 1);
            watch();
          };
        },
      };
    },
    send(feedId, text) {
      if (source.type !== 'websocket') return { ok: false, reason: 'not-a-websocket' };
      const feed = feeds.find(({ id }) => id === feedId);
      return (feed && lines.get(lineKey(feed.source))?.send(text)) ?? { ok: false, reason: 'not-open' };
    },
    async recheckAccess() {
      await Promise.all([...lines.values()].map((line) => line.recheckAccess()));
    },
    end() {
      // Should it be loading: there is nothing to track any more.
      feeds = [];
      viewers = [];
      for (const feed of tracked.values()) feed.end();
      tracked = new Map();
      for (const line of lines.values()) line.end();
      lines = new Map();
    },
  };
  return connection;
}
