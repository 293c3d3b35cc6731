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
  type LostCause,
} from './connection';
import { createCursors } from './cursors';
import { watchPageLifecycle } from './page-lifecycle';
import type { Port } from './port';
import { EVERY_MS, type FeedBatch, type FeedInfo, type FeedStatus, type Json, type ToBackground } from './protocol';
import { openSession, type Session } from './session';

/**
 * The stream as its owner sees it. `paused` also says that the person paused it while it had no port. `retryAt` is epoch
 * ms; `reason` says why it waits or is closed; `detail`, which may be empty, why a message was a bad one.
 */
export interface StreamState {
  name: ConnectionName;
  reason: string | null;
  detail: string;
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
  /**
   * This is the first stream of a content script that was put into the page: it goes on where an earlier script in this
   * document was. Default `false`: it begins with a snapshot.
   */
  takesOver?: boolean;
  onStream(state: StreamState): void;
  /** After each handshake: what can be seen now. */
  onFeeds(feeds: FeedInfo[]): void;
  /**
   * In order, each update once. Must apply all of it or throw before it has applied any: what it throws is reported, and the
   * same updates come again on a new port.
   */
  onBatch(feeds: FeedBatch[]): void;
  onStatus(status: FeedStatus): void;
  /** After each handshake: what a page of this origin asked to keep; `null`: nothing. */
  onNote?(note: Json): void;
  signal: AbortSignal;
}

export interface Subscriber {
  /** Keeps the port and asks for nothing more until {@link resume}: the person wants quiet. */
  pause(): void;
  resume(): void;
  /** Asks the background to keep a value for pages of this origin: at most 1 KiB as JSON. Without a port it waits for the next; the last one counts. */
  note(note: Json): void;
}

/**
 * Subscribes to whatever feeds the background grants this page. A callback that throws is reported and ends nothing.
 *
 * Not done: rendering. Callbacks come as messages come; whoever draws collects them for the next frame.
 */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { page, signal, everyMs = EVERY_MS.default, isPrivate = false, takesOver = false } = options;
  const streamId = createStreamId();
  const cursors = createCursors();
  const listening = new AbortController();
  let state: ConnectionState = INITIAL_STATE;
  let told: StreamState = { name: state.name, reason: null, detail: '', retryAt: null };
  let warnedOf = '';
  /** Waits for a port. */
  let unsent: { note: Json } | null = null;
  /** Batches in a row that `onBatch` threw at. */
  let refusals = 0;
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
    const { reason, detail, retryAt } = state;
    const now = { name: shownName(), reason, detail, retryAt };
    if (now.name === told.name && reason === told.reason && detail === told.detail && retryAt === told.retryAt) return;
    told = now;
    // Once: the other end may say the same for ever.
    if (detail !== '' && detail !== warnedOf) {
      warnedOf = detail;
      console.warn(`A port was given up, ${reason}: ${detail}`);
    }
    report(() =>
      options.onStream({ ...now, retryAt: retryAt === null ? null : Date.now() + (retryAt - performance.now()) }),
    );
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
      {
        streamId,
        everyMs,
        ...(isPrivate && { private: true }),
        ...(takesOver && { takesOver: true }),
        resume: cursors.resume(),
      },
      {
        onStarted(feeds, note) {
          cursors.keep(feeds);
          dispatch({ type: 'started' });
          report(() => options.onFeeds(feeds));
          // What this page asked for meanwhile is newer than what the background has.
          const newest = unsent ? unsent.note : note;
          sendNote();
          report(() => options.onNote?.(newest));
        },
        onBatch: handOver,
        onStatus: (status) => void report(() => options.onStatus(status)),
        onDismissed: ({ reason, detail, retry, afterMs }) =>
          dispatch({ type: 'dismissed', reason, detail, retry, afterMs }),
        onLost(cause, detail) {
          const afterMs = cause === 'not-applied' ? Math.min(1_000 * 2 ** refusals++, MAX_REFUSED_MS) : 0;
          dispatch({ type: 'lost', cause, detail, afterMs });
        },
      },
    );
  };

  const handOver = (feeds: FeedBatch[]): LostCause | null => {
    const { parts, hasGap, commit } = cursors.accept(feeds);
    if (parts.length > 0 && !report(() => options.onBatch(parts))) return 'not-applied';
    refusals = 0;
    commit();
    return hasGap ? 'gap' : null;
  };

  const sendNote = (): void => {
    const isStarted = state.name === 'live' || state.name === 'paused';
    if (unsent && isStarted && session?.note(unsent.note)) unsent = null;
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
    note(note) {
      unsent = { note };
      sendNote();
    },
  };
}

/** A timer set for longer runs at once. [spec] HTML, timers: the delay is a 32 bit number. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The most that a batch which could not be applied waits to come again, in ms; the first time it is one second. */
const MAX_REFUSED_MS = 60_000;

/** `false`: it threw. The stream must not break because somebody cannot draw. */
function report(callback: () => void): boolean {
  try {
    callback();
    return true;
  } catch (error) {
    console.error('Cannot take what a stream tells', error);
    return false;
  }
}

const INVALIDATED: ConnectionEvent = { type: 'end', reason: 'invalidated' };

/** `crypto.randomUUID` is missing on plain http pages. */
const createStreamId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
