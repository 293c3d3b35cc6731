/**
 * Texts that wait for a feed's connection to open, in memory: after a start of the background it takes a moment, and
 * whoever writes then must not be refused for it.
 */
import type { SendResult } from '../feeds/source';

/** How long a text waits for the connection to open, in ms; then it is refused with `not-open`. */
export const OPEN_LIMIT_MS = 3_000;

/** Pause between two tries, in ms. */
const TRY_EVERY_MS = 100;

/**
 * Makes of `send`, which refuses with `not-open` at once, one that tries for up to 3 s. Texts for one feed keep their
 * order; those for another do not wait for them.
 * @param after runs `run` once after `delayMs`; what it returns is not used
 */
export function createPatientSend(
  send: (feedId: string, text: string) => SendResult,
  after: (delayMs: number, run: () => void) => unknown,
): (feedId: string, text: string) => Promise<SendResult> {
  /** The newest text of each feed that has not been answered. */
  const newest = new Map<string, Promise<SendResult>>();

  async function trySend(feedId: string, text: string, dueAt: number): Promise<SendResult> {
    for (;;) {
      const result = send(feedId, text);
      const leftMs = dueAt - performance.now();
      if (result.ok || result.reason !== 'not-open' || leftMs <= 0) return result;
      const { promise, resolve } = Promise.withResolvers<void>();
      after(Math.min(TRY_EVERY_MS, leftMs), resolve);
      await promise;
    }
  }

  async function sendAfter(before: Promise<unknown> | undefined, feedId: string, text: string): Promise<SendResult> {
    const dueAt = performance.now() + OPEN_LIMIT_MS;
    await before;
    return trySend(feedId, text, dueAt);
  }

  return (feedId, text) => {
    const sent = sendAfter(newest.get(feedId), feedId, text);
    newest.set(feedId, sent);
    void sent.then(() => {
      if (newest.get(feedId) === sent) newest.delete(feedId);
    });
    return sent;
  };
}
