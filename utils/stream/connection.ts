/**
 * The connection machine: which port a subscriber holds, and when it opens the next.
 *
 *     idle -> connecting -> live <-> paused -> waiting -> connecting ...      closed (for good)
 *
 * Pure: `advance(state, event, now)` gives the next state and the effects that the runner (subscriber.ts) carries out.
 * It is the only place that decides to connect. Invariants, held by tests/unit/stream/connection.test.ts:
 * a port is open in `connecting`, `live` and `paused` and in no other state; `connect` is never an answer to `lost`;
 * after each `connect` it is told `due` once more (an extension that is being updated hands out a port that stays silent for
 * ever [chrome], and the runner looks whether it is still there before it tells).
 */
import { backoffDelayMs } from './backoff';
import type { PauseReason } from './protocol';

/**
 * Shortest time between losing a port that had not proved itself and opening the next, and between opening a port and
 * looking again whether the extension is there, in ms. In Chrome `runtime.id` outlives an extension that is being updated by
 * 5 to 50 ms, and until it is gone nobody can tell an update from a stopped worker.
 */
export const RETRY_MIN_MS = 60;
/** Spread over the first retry, in ms: the pages of a stopped worker do not all come back in the same millisecond. */
const RETRY_SPREAD_MS = 20;
/** Full jitter from the second retry on. */
const RETRY_BACKOFF = { firstMs: 200, maxMs: 12_800 };
/**
 * From this retry in a row on each waits for {@link REST_MS}. A background that threw at its start has no listeners, and
 * stays so until the browser stops it: 30 s after the last connect, which must not be ours [chrome, firefox].
 */
const REST_FROM_ATTEMPT = 8;
/** A port that the background closes counts as no later retry than this: neither it nor the next that is lost leads to the rest. */
const MAX_ATTEMPT_DISMISSED = REST_FROM_ATTEMPT - 2;
const REST_MS = 35_000;
/** Spread over {@link REST_MS}. */
const REST_SPREAD_MS = 10_000;
/** A port that was live this long worked: its connect leaves the budget, and the next comes without delay. */
export const PROVEN_AFTER_MS = 1_000;
/** Connects in {@link BUDGET_WINDOW_MS} that came to nothing, at most: what a broken background can cost. */
export const CONNECT_BUDGET = 20;
export const BUDGET_WINDOW_MS = 60_000;

/**
 * Why a page has no use for updates now. `prerendering`, `cached` and `frozen` pages hold no port at all: what is
 * posted to a frozen page queues there without bound, and a port in the back/forward cache dies without a word [chrome].
 * `hidden` and `person` keep the port and pause it.
 */
export type Blocker = 'prerendering' | 'cached' | 'frozen' | PauseReason;

export type LostCause =
  | 'disconnect'
  | 'handshake-timeout'
  | 'pong-timeout'
  | 'gap'
  | 'bad-message'
  | 'connect-failed'
  /** Whoever draws threw at a batch: it comes again. */
  | 'not-applied';

export type ConnectionName = 'idle' | 'connecting' | 'live' | 'paused' | 'waiting' | 'closed';

export interface ConnectionState {
  readonly name: ConnectionName;
  readonly blockers: ReadonlySet<Blocker>;
  /** Connects in a row that came to no handshake, or are under way to one. */
  readonly attempt: number;
  /** Times in ms of the connects of the last minute that have not proved themselves, oldest first. */
  readonly unproven: readonly number[];
  /** Since when this port is live, in ms; `null` in all other states but `paused`. */
  readonly liveSince: number | null;
  /** In `waiting`: when the next port is due, in ms. */
  readonly retryAt: number | null;
  /** In `waiting` and `closed`: why. A {@link LostCause}, a close reason of protocol.ts, `stopped` or `invalidated`. */
  readonly reason: string | null;
  /** Of a bad message: why it is one. Else empty. */
  readonly detail: string;
}

export type ConnectionEvent =
  /** Sent once, when the blockers of the page as it was found have been told. */
  | { type: 'start' }
  | { type: 'blocked'; blocker: Blocker }
  | { type: 'unblocked'; blocker: Blocker }
  /** The handshake is done. */
  | { type: 'started' }
  /** The port is dead, or is to be given up. */
  | { type: 'lost'; cause: LostCause; detail?: string | undefined; afterMs?: number }
  /** The background closed the port with a reason. */
  | { type: 'dismissed'; reason: string; detail: string; retry: boolean; afterMs: number }
  /** The time of the last `wait` has come. */
  | { type: 'due' }
  /** The extension is gone (`invalidated`), or nobody wants the stream any more (`stopped`). */
  | { type: 'end'; reason: 'invalidated' | 'stopped' };

export type Effect =
  | { type: 'connect' }
  | { type: 'drop' }
  | { type: 'post'; message: { type: 'PAUSE' | 'RESUME'; reason: PauseReason } }
  | { type: 'wait'; ms: number }
  | { type: 'cancel-wait' };

export interface Moment {
  /** Milliseconds of a clock that does not go backwards. */
  now: number;
  /** From 0 (inclusive) to 1 (exclusive). */
  random: number;
}

export interface Advance {
  state: ConnectionState;
  effects: Effect[];
}

export const INITIAL_STATE: ConnectionState = {
  name: 'idle',
  blockers: new Set(),
  attempt: 0,
  unproven: [],
  liveSince: null,
  retryAt: null,
  reason: null,
  detail: '',
};

const NO_REASON = { reason: null, detail: '' };

interface Why {
  reason: string;
  detail: string;
}

const KEEPS_NO_PORT: readonly Blocker[] = ['prerendering', 'cached', 'frozen'];

const hasPort = ({ name }: ConnectionState): boolean => name === 'connecting' || name === 'live' || name === 'paused';

/** One step. Events that mean nothing in this state leave it as it is. Never throws. */
export function advance(state: ConnectionState, event: ConnectionEvent, moment: Moment): Advance {
  if (state.name === 'closed') return { state, effects: [] };
  switch (event.type) {
    case 'start':
      return state.name === 'idle' && state.blockers.size === 0 ? connect(state, moment) : { state, effects: [] };
    case 'blocked':
      return block(withBlocker(state, event.blocker, true), event.blocker);
    case 'unblocked':
      return unblock(withBlocker(state, event.blocker, false), event.blocker, moment);
    case 'started':
      return state.name === 'connecting'
        ? { state: { ...state, name: 'live', liveSince: moment.now, attempt: 0 }, effects: [] }
        : { state, effects: [] };
    case 'lost':
      return hasPort(state)
        ? retry(state, { reason: event.cause, detail: event.detail ?? '', afterMs: event.afterMs ?? 0 }, moment)
        : { state, effects: [] };
    case 'dismissed':
      if (!hasPort(state)) return { state, effects: [] };
      if (!event.retry) return close(state, event);
      // It said so itself, so it lives: the rest is for a background that says nothing.
      return retry({ ...state, attempt: Math.min(state.attempt, MAX_ATTEMPT_DISMISSED) }, event, moment);
    case 'due':
      if (state.name !== 'waiting') return { state, effects: [] };
      return state.blockers.size > 0 ? { state: rest(state), effects: [] } : connect(state, moment);
    case 'end':
      return close(state, { reason: event.reason, detail: '' });
  }
}

function withBlocker(state: ConnectionState, blocker: Blocker, on: boolean): ConnectionState {
  const blockers = new Set(state.blockers);
  if (on) blockers.add(blocker);
  else blockers.delete(blocker);
  return { ...state, blockers };
}

const rest = (state: ConnectionState): ConnectionState => ({
  ...state,
  name: 'idle',
  liveSince: null,
  retryAt: null,
  ...NO_REASON,
});

function block(state: ConnectionState, blocker: Blocker): Advance {
  if (!hasPort(state)) return { state, effects: [] };
  // Before STARTED the protocol has no PAUSE: a port that is not live yet is let go.
  if (state.name === 'connecting') return { state: rest(state), effects: [{ type: 'drop' }] };
  // A port that the page lets go had not failed, however short it lived: people go back and forth faster than once a second.
  if (KEEPS_NO_PORT.includes(blocker)) return { state: rest(strike(state)), effects: [{ type: 'drop' }] };
  if (state.name === 'paused') return { state, effects: [] };
  return {
    state: { ...state, name: 'paused' },
    effects: [{ type: 'post', message: { type: 'PAUSE', reason: blocker as PauseReason } }],
  };
}

function unblock(state: ConnectionState, blocker: Blocker, moment: Moment): Advance {
  if (state.blockers.size > 0) return { state, effects: [] };
  if (state.name === 'idle') return connect(state, moment);
  if (state.name !== 'paused') return { state, effects: [] };
  return {
    state: { ...state, name: 'live' },
    effects: [{ type: 'post', message: { type: 'RESUME', reason: blocker as PauseReason } }],
  };
}

/** Opens a port, or waits until the budget allows one. */
function connect(state: ConnectionState, { now }: Moment): Advance {
  const unproven = state.unproven.filter((at) => at > now - BUDGET_WINDOW_MS);
  const oldest = unproven[unproven.length - CONNECT_BUDGET];
  if (oldest !== undefined) {
    const { detail } = state;
    const why = { reason: state.reason ?? 'connect-failed', detail };
    return wait({ ...state, unproven }, why, oldest + BUDGET_WINDOW_MS - now, now);
  }
  return {
    state: { ...state, name: 'connecting', unproven: [...unproven, now], liveSince: null, retryAt: null, ...NO_REASON },
    // The wait first: a connect that fails asks for one of its own.
    effects: [{ type: 'wait', ms: RETRY_MIN_MS }, { type: 'connect' }],
  };
}

/** Takes the connect of this port out of the budget. */
const strike = (state: ConnectionState): ConnectionState => ({ ...state, unproven: state.unproven.slice(0, -1) });

function retry(state: ConnectionState, why: Why & { afterMs: number }, { now, random }: Moment): Advance {
  const { attempt, liveSince } = state;
  const isProven = liveSince !== null && now - liveSince >= PROVEN_AFTER_MS;
  const delayMs = Math.max(why.afterMs, (isProven ? 0 : RETRY_MIN_MS) + delayOf(attempt, random));
  const next = wait({ ...(isProven ? strike(state) : state), attempt: attempt + 1 }, why, delayMs, now);
  return { ...next, effects: [{ type: 'drop' }, ...next.effects] };
}

/** What retry number `attempt` (0 is the first) waits over its least, in ms. */
function delayOf(attempt: number, random: number): number {
  if (attempt === 0) return random * RETRY_SPREAD_MS;
  if (attempt >= REST_FROM_ATTEMPT) return REST_MS + random * REST_SPREAD_MS;
  return backoffDelayMs(attempt - 1, random, RETRY_BACKOFF);
}

const wait = (state: ConnectionState, { reason, detail }: Why, ms: number, now: number): Advance => ({
  state: { ...state, name: 'waiting', liveSince: null, retryAt: now + ms, reason, detail },
  effects: [{ type: 'wait', ms }],
});

function close(state: ConnectionState, { reason, detail }: Why): Advance {
  const effects: Effect[] = [{ type: 'cancel-wait' }];
  if (hasPort(state)) effects.push({ type: 'drop' });
  return { state: { ...state, name: 'closed', liveSince: null, retryAt: null, reason, detail }, effects };
}
