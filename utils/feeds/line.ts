/**
 * One opening of a source at a time, for those feeds of a connection that are asked for in the same way.
 *
 * It is open while somebody watches one of its feeds, and for 5 s after. While it is open every feed of it gets its data,
 * watched or not, so that a cursor of any of them stays exact.
 */
import type { SourceDefinition } from './feed';
import { createLineSink } from './line-sink';
import { openPoll } from './poll';
import type { ReadMark } from './read-mark';
import type { SendResult, SourceDeps, SourceStatus } from './source';
import { openSse } from './sse';
import type { TrackedFeed } from './tracked-feed';
import { openWebSocket } from './websocket';

/** How long a source stays open after its last viewer, in ms: a page that is reloaded finds it open. */
export const LINGER_MS = 5_000;

export interface LineOptions {
  deps: SourceDeps;
  readMark: ReadMark;
  /** What is known of the connection's last event. */
  lastEventId: { get: () => string | null; set: (id: string) => void };
  /** What comes will be written before it is shown. */
  isWritten: () => boolean;
  /** Feeds that were live before, here or before a restart of the background. */
  streamed: WeakSet<TrackedFeed>;
  onClosed: () => void;
}

export interface Line {
  /** Whether it is connected to something outside, or tries to. */
  readonly isOpen: boolean;
  /** Takes its feeds, of which there is one at least. Opens again where they ask for the source in another way. */
  setFeeds(feeds: readonly TrackedFeed[]): void;
  /** Whether anybody watches one of its feeds. */
  setWatched(isWatched: boolean): void;
  send(text: string): SendResult;
  /** Opens again where the browser lets the extension read other things than when it was opened. Never rejects. */
  recheckAccess(): Promise<void>;
  /** Closes it for good. */
  end(): void;
}

/** How a source is to be opened. `paceMs`: of a polled one. */
interface Way {
  source: SourceDefinition;
  paceMs: number;
}

interface Opening {
  end: AbortController;
  /** Whether the browser let the extension read the source. */
  hasAccess: Promise<boolean>;
  send?: (text: string) => SendResult;
}

const WAITING: SourceStatus = { state: 'waiting', reason: null, retryAt: null };

type Silent = Extract<SourceDefinition, { silentAfterMs: unknown }>;

const shorter = (a: Silent, b: Silent): Silent =>
  (a.silentAfterMs ?? Infinity) <= (b.silentAfterMs ?? Infinity) ? a : b;

/** The way that suits all of them: the fastest pace, the shortest silence. */
function wayFor(feeds: readonly TrackedFeed[]): Way {
  const [first, ...others] = feeds.map(({ feed }) => feed.source);
  if (first === undefined) throw new RangeError('Cannot open a line of 0 feeds: nobody names its source');
  const source = others.reduce<SourceDefinition>(
    (best, other) => ('silentAfterMs' in best && 'silentAfterMs' in other ? shorter(best, other) : best),
    first,
  );
  return { source, paceMs: source.type === 'poll' ? Math.min(...feeds.map(({ feed }) => feed.paceMs)) : 0 };
}

/** For what access is asked: the same host, also of a WebSocket. */
const addressOf = (source: SourceDefinition): string | null =>
  source.type === 'pulse' ? null : source.address.replace(/^ws/, 'http');

/** Makes a line that is closed and has no feeds. */
export function createLine({ deps, readMark, lastEventId, isWritten, streamed, onClosed }: LineOptions): Line {
  let feeds: readonly TrackedFeed[] = [];
  let way: Way | null = null;
  let isWatched = false;
  let opening: Opening | null = null;
  let callOffLinger = (): void => {};
  let status = WAITING;

  const setStatus = (source: SourceDefinition, next: SourceStatus): void => {
    if (next.state === 'live' && status.state !== 'live') {
      const isRefused = next.reason?.code === 'resume-refused';
      const canResume = source.type === 'sse' && (lastEventId.get() ?? '') !== '' && !isRefused;
      const pushes = source.type === 'sse' || source.type === 'websocket';
      for (const feed of feeds) {
        feed.note({ mayHaveMissed: pushes && streamed.has(feed) && !canResume });
        streamed.add(feed);
      }
    }
    status = next;
    for (const feed of feeds) feed.takeStatus(next);
  };

  const askAccess = async (source: SourceDefinition): Promise<boolean> => {
    const address = addressOf(source);
    return address !== null && (await deps.hasAccess(address));
  };

  // Where the browser refuses to tell even of the access there counts as none.
  const hasAccess = (source: SourceDefinition): Promise<boolean> => askAccess(source).catch(() => false);

  const open = (): void => {
    callOffLinger();
    if (opening !== null || way === null) return;
    const { source, paceMs } = way;
    const end = new AbortController();
    opening = { end, hasAccess: hasAccess(source) };
    const options = { deps, signal: end.signal };
    const sink = createLineSink(source.type === 'poll', {
      feeds: () => feeds,
      isWritten,
      onId: lastEventId.set,
      onStatus: (next) => setStatus(source, next),
    });
    if (source.type === 'pulse') sink.onStatus({ state: 'live', reason: null, retryAt: null });
    if (source.type === 'poll') openPoll(source, sink, { ...options, readMark, paceMs });
    if (source.type === 'sse') openSse(source, sink, { ...options, readMark, lastEventId: lastEventId.get() });
    if (source.type === 'websocket') Object.assign(opening, openWebSocket(source, sink, options));
  };

  const close = (): void => {
    callOffLinger();
    if (opening === null || way === null) return;
    opening.end.abort();
    opening = null;
    setStatus(way.source, WAITING);
    onClosed();
  };

  const follow = (): void => {
    if (isWatched) return open();
    callOffLinger();
    if (opening !== null) callOffLinger = deps.after(LINGER_MS, close);
  };

  return {
    get isOpen() {
      return opening !== null && way?.source.type !== 'pulse';
    },
    setFeeds(next) {
      const before = new Set(feeds);
      feeds = next;
      for (const feed of feeds) {
        if (before.has(feed)) continue;
        feed.takeStatus(status);
        if (status.state === 'live') streamed.add(feed);
      }
      const nextWay = wayFor(feeds);
      if (JSON.stringify(nextWay) !== JSON.stringify(way)) close();
      way = nextWay;
    },
    setWatched(next) {
      // It lingers already.
      if (!next && !isWatched) return;
      isWatched = next;
      follow();
    },
    send: (text) => opening?.send?.(text) ?? { ok: false, reason: 'not-open' },
    async recheckAccess() {
      const asked = opening;
      if (asked === null || way === null) return;
      const [before, now] = await Promise.all([asked.hasAccess, hasAccess(way.source)]);
      if (opening !== asked || before === now) return;
      close();
      follow();
    },
    end() {
      isWatched = false;
      feeds = [];
      close();
    },
  };
}
