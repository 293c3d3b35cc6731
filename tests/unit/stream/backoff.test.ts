import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffDelayMs } from '../../../utils/stream/backoff';

const BOUNDS = { firstMs: 100, maxMs: 30_000 };

test.each([
  [0, 0, 0],
  [0, 0.5, 50],
  [1, 0.5, 100],
  [3, 0.999, 799],
  [20, 0.5, 15_000],
  [5_000, 0.5, 15_000],
])('backoff of attempt %d at random %d is %d ms', (attempt, random, delayMs) => {
  expect(backoffDelayMs(attempt, random, BOUNDS)).toBe(delayMs);
});

test('backoff never waits longer than its bound, nor a negative time', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const delayMs = backoffDelayMs(attempt, random, BOUNDS);
      return delayMs >= 0 && delayMs < BOUNDS.maxMs && delayMs < BOUNDS.firstMs * 2 ** attempt;
    }),
  );
});

test.each([-1, 0.5, NaN])('backoff refuses attempt %d', (attempt) => {
  expect(() => backoffDelayMs(attempt, 0, BOUNDS)).toThrow(RangeError);
});
