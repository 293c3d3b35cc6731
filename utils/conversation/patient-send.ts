/**
 * Texts that wait for a feed's connection to open, in memory: after a start of the background it takes a moment, and
 * whoever writes then must not be refused for it.
 */
import type { SendResult } from '../feeds/source';
import type { Upstream } from './responder';

/** How long a text waits for the connection to open, in ms; then it is refused with `not-open`. */
export const OPEN_LIMIT_MS = 3_000;

/** Pause between two tries, in ms. */
const TRY_EVERY_MS = 100;

/**
 * Makes of `send`, which refuses with `not-open` at once, one that tries for up to 3 s. Texts for one feed keep their
 * order; those for another, or of windows of the other kind, do not wait for them.
 * @param after runs `run` once after `delayMs`; what it returns is not used
 */
export function createPatientSend(
  send: (...parameters: Parameters<Upstream['send']>) => SendResult,
  after: (delayMs: number, run: () => void) => unknown,
): (...parameters: Parameters<Upstream['send']>) => Promise<SendResult> {
  /** The newest text of each connection that has not been answered. */
  const newest = new Map<string, Promise<SendResult>>();

  async function trySend(attempt: () => SendResult, dueAt: number): Promise<SendResult> {
    for (;;) {
      const result = attempt();
      const leftMs = dueAt - performance.now();
      if (result.ok || result.reason !== 'not-open' || leftMs <= 0) return result;
      const { promise, resolve } = Promise.withResolvers<void>();
      after(Math.min(TRY_EVERY_MS, leftMs), resolve);
      await promise;
    }
  }

  async function sendAfter(before: Promise<unknown> | undefined, attempt: () => SendResult): Promise<SendResult> {
    const dueAt = performance.now() + OPEN_LIMIT_MS;
    await before;
    return trySend(attempt, dueAt);
  }

  return (feedId, text, options) => {
    const key = `${options.isPrivate ? 'private' : 'normal'} ${feedId}`;
    const sent = sendAfter(newest.get(key), () => send(feedId, text, options));
    newest.set(key, sent);
    void sent.then(() => {
      if (newest.get(key) === sent) newest.delete(key);
    });
    return sent;
  };
}
