/** Shortest time over which a rate is taken, in ms: over less it would jump with every batch. */
const WINDOW_MS = 1_000;

/**
 * Makes what tells how fast a counter grows, in counts a second, rounded; 0 until a second has passed.
 * @param count a number that only grows
 * @param now milliseconds of a clock that does not go backwards
 */
export function createRate(count: () => number, now: () => number): () => number {
  let since = { at: now(), count: count() };
  let rate = 0;
  return () => {
    const at = now();
    const elapsedMs = at - since.at;
    if (elapsedMs >= WINDOW_MS) {
      const total = count();
      rate = Math.round(((total - since.count) * 1_000) / elapsedMs);
      since = { at, count: total };
    }
    return rate;
  };
}
