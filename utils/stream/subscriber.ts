/**
 * One logical subscription of a page. It outlives its ports: it carries out what the connection machine decides, and
 * keeps the cursors from which each new port resumes. Everything ends with `signal`, or when the extension is gone.
 */
import {
  advance,
  type Blocker,
  type ConnectionEvent,
  type ConnectionName,
  type ConnectionState,
  type Effect,
  INITIAL_STATE,
} from './connection';
import { createCursors } from './cursors';
import { watchPageLifecycle } from './page-lifecycle';
import type { Port } from './port';
import { EVERY_MS, type FeedBatch, type FeedInfo, type FeedStatus, type ToBackground } from './protocol';
import { openSession, type Session } from './session';

/**
 * The stream as its owner sees it. `paused` also says that the person paused it while it had no port. `retryAt` is epoch
 * ms; `reason` says why it waits or is closed.
 */
export interface StreamState {
  name: ConnectionName;
  reason: string | null;
  retryAt: number | null;
}

export interface SubscriberOptions {
  /** Opens a port to the background. May throw; an extension that is gone does. */
  connect(): Port;
  /** `false` once the extension was updated, disabled or removed: the stream then closes for good. */
  isValid(): boolean;
  page: Window;
  /** Shortest time between two batches in ms, 16 to 60 000. Default 100: ten batches a second at most. */
  everyMs?: number;
  /**
   * Whether the page is in a private window. Default `false`: then the background decides by the sender, which says
   * nothing of the window of a popup or side panel.
   */
  isPrivate?: boolean;
  onStream(state: StreamState): void;
  /** After each handshake: what can be seen now. */
  onFeeds(feeds: FeedInfo[]): void;
  /** In order, each update once. A new `epoch` says that the feed's history began anew. */
  onBatch(feeds: FeedBatch[]): void;
  onStatus(status: FeedStatus): void;
  signal: AbortSignal;
}

export interface Subscriber {
  /** Keeps the port and asks for nothing more until {@link resume}: the person wants quiet. */
  pause(): void;
  resume(): void;
}

/**
 * Subscribes to whatever feeds the background grants this page.
 *
 * Not done: rendering. Callbacks come as messages come; whoever draws collects them for the next frame.
 */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { page, signal, everyMs = EVERY_MS.default, isPrivate = false } = options;
  const streamId = createStreamId();
  const cursors = createCursors();
  const listening = new AbortController();
  let state: ConnectionState = INITIAL_STATE;
  let told: StreamState = { name: state.name, reason: null, retryAt: null };
  let session: Session | null = null;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const dispatch = (event: ConnectionEvent): void => {
    const next = advance(state, event, { now: performance.now(), random: Math.random() });
    state = next.state;
    next.effects.forEach(carryOut);
    tell();
    if (state.name === 'closed') listening.abort();
  };

  /** What the person asked for comes first: a paused stream is paused, whether or not it has a port just now. */
  const shownName = (): ConnectionName =>
    state.blockers.has('person') && state.name !== 'closed' ? 'paused' : state.name;

  const tell = (): void => {
    const now = { name: shownName(), reason: state.reason, retryAt: state.retryAt };
    if (now.name === told.name && now.reason === told.reason && now.retryAt === told.retryAt) return;
    told = now;
    const retryAt = now.retryAt === null ? null : Date.now() + (now.retryAt - performance.now());
    options.onStream({ ...now, retryAt });
  };

  const carryOut = (effect: Effect): void => {
    switch (effect.type) {
      case 'connect':
        return connect();
      case 'drop':
        session?.end();
        session = null;
        return;
      case 'post':
        if (effect.message.type === 'PAUSE') session?.pause(effect.message as ToBackground & { type: 'PAUSE' });
        else session?.resume(effect.message as ToBackground & { type: 'RESUME' });
        return;
      case 'wait':
        clearTimeout(waiting);
        waiting = setTimeout(
          () => dispatch(options.isValid() ? { type: 'due' } : INVALIDATED),
          Math.min(effect.ms, MAX_TIMER_MS),
        );
        return;
      case 'cancel-wait':
        return clearTimeout(waiting);
    }
  };

  const connect = (): void => {
    if (!options.isValid()) return dispatch(INVALIDATED);
    let port: Port;
    try {
      port = options.connect();
    } catch {
      // The extension went away between the question and the call, or the browser has no port to give.
      return dispatch({ type: 'lost', cause: 'connect-failed' });
    }
    session = openSession(
      port,
      { streamId, everyMs, ...(isPrivate && { private: true }), resume: cursors.resume() },
      {
        onStarted(feeds) {
          cursors.keep(feeds);
          dispatch({ type: 'started' });
          options.onFeeds(feeds);
        },
        onBatch: handOver,
        onStatus: options.onStatus,
        onDismissed: (reason, retry, afterMs) => dispatch({ type: 'dismissed', reason, retry, afterMs }),
        onLost: (cause) => dispatch({ type: 'lost', cause }),
      },
    );
  };

  const handOver = (feeds: FeedBatch[]): boolean => {
    const fresh: FeedBatch[] = [];
    let joins = true;
    for (const batch of feeds) {
      const acceptance = cursors.accept(batch);
      if (acceptance.type === 'apply') fresh.push(acceptance.batch);
      joins &&= acceptance.type !== 'gap';
    }
    if (fresh.length > 0) options.onBatch(fresh);
    return joins;
  };

  const block = (type: 'blocked' | 'unblocked', blocker: Blocker): void => dispatch({ type, blocker });

  if (signal.aborted) {
    dispatch({ type: 'end', reason: 'stopped' });
  } else {
    signal.addEventListener('abort', () => dispatch({ type: 'end', reason: 'stopped' }), { signal: listening.signal });
    const { blockers } = watchPageLifecycle(page, block, listening.signal);
    for (const blocker of blockers) block('blocked', blocker);
    dispatch({ type: 'start' });
  }

  return {
    pause: () => block('blocked', 'person'),
    resume: () => block('unblocked', 'person'),
  };
}

/** A timer set for longer runs at once. [spec] HTML, timers: the delay is a 32 bit number. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const INVALIDATED: ConnectionEvent = { type: 'end', reason: 'invalidated' };

/** `crypto.randomUUID` is missing on plain http pages. */
const createStreamId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
