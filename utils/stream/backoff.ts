/** Bounds of a retry delay in ms. */
export interface Backoff {
  /** The most that the first retry waits. */
  firstMs: number;
  /** The most that any retry waits. */
  maxMs: number;
}

/**
 * How long to wait before retry number `attempt` (0 is the first), in whole ms: full jitter below a bound that doubles.
 *
 * Full jitter spreads many clients over the whole interval; with equal steps they come back together.
 * @param random from 0 (inclusive) to 1 (exclusive), as `Math.random` gives it
 * @throws {RangeError} when `attempt` is not a whole number from 0
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelayMs(attempt: number, random: number, { firstMs, maxMs }: Backoff): number {
  if (!Number.isInteger(attempt) || attempt < 0) {
    throw new RangeError(`Cannot back off for attempt "${attempt}": it is not a whole number from 0`);
  }
  // 2 ** 1024 is Infinity, which Math.min still bounds.
  return Math.floor(random * Math.min(maxMs, firstMs * 2 ** attempt));
}
