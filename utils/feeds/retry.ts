import { backoffDelayMs } from '../stream/backoff';
import type { Backoff } from '../stream/backoff';
import type { StatusReason } from '../stream/protocol';
import { because, wait } from './source';
import type { OpenOptions, Sink } from './source';

/**
 * How an attempt to stream from a source ended.
 *
 * | kind | when | tried again |
 * |---|---|---|
 * | `retry` | it may work the next time: no network, 5xx, 429, closed, timeout | with backoff |
 * | `silent` | it was open and said nothing | with backoff |
 * | `blocked` | it will not work until somebody does something: 401, 404, a redirect that is refused | slowly |
 * | `stopped` | the server asked not to be asked again (HTTP 204 of an event stream) | when it is next opened |
 */
export interface Ending {
  kind: 'retry' | 'silent' | 'blocked' | 'stopped';
  reason: StatusReason;
  /** How long the source worked before it ended, in ms. */
  goodMs: number;
  /** What the source asked for: not sooner than this, in ms. */
  notBeforeMs: number;
}

/** First and longest delay of a source's retries, in ms. */
export const SOURCE_BACKOFF: Backoff = { firstMs: 1_000, maxMs: 60_000 };

/** A source that worked for this long starts again at the first delay, in ms. */
export const GOOD_MS = 10_000;

/** Least delay after an answer that only a person can change, in ms; jitter adds up to half of it. */
export const BLOCKED_RETRY_MS = 60_000;

/** Makes an ending; by default one that asks for nothing and never worked. */
export const ended = (
  kind: Ending['kind'],
  reason: StatusReason,
  { goodMs = 0, notBeforeMs = 0 }: { goodMs?: number; notBeforeMs?: number } = {},
): Ending => ({ kind, reason, goodMs, notBeforeMs });

const STATES = { retry: 'retrying', silent: 'stale', blocked: 'blocked', stopped: 'blocked' } as const;

/**
 * Runs `attempt` again and again until the signal aborts, and tells the sink how it ended and when it is next tried.
 * One that throws counts as `retry` for `network`: a fault of ours must not end a source for ever. The first goes to the console.
 */
export async function keepTrying(
  attempt: (last: Ending | null) => Promise<Ending>,
  sink: Sink,
  options: OpenOptions,
): Promise<void> {
  const { deps, signal } = options;
  let failures = 0;
  let last: Ending | null = null;
  let isFaultTold = false;
  while (!signal.aborted) {
    try {
      last = await attempt(last);
    } catch (error) {
      if (!isFaultTold && !signal.aborted) console.error('Cannot finish an attempt to reach a source', error);
      isFaultTold = true;
      last = ended('retry', because('network'));
    }
    if (signal.aborted) return;
    if (last.goodMs >= GOOD_MS) failures = 0;
    if (last.kind === 'stopped') {
      sink.onStatus({ state: 'blocked', reason: last.reason, retryAt: null });
      return;
    }
    const least = last.kind === 'blocked' ? BLOCKED_RETRY_MS * (1 + deps.random() / 2) : 0;
    const delayMs = Math.ceil(
      Math.max(last.notBeforeMs, least, backoffDelayMs(failures, deps.random(), SOURCE_BACKOFF)),
    );
    failures += 1;
    sink.onStatus({ state: STATES[last.kind], reason: last.reason, retryAt: deps.now() + delayMs });
    await wait(delayMs, options);
  }
}
