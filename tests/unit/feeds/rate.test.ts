import { expect, test } from 'vitest';
import { createRate } from '../../../utils/feeds/rate';

test('rate is counts a second, taken over a second or more', () => {
  let count = 0;
  let now = 0;
  const rate = createRate(
    () => count,
    () => now,
  );
  const after = (ms: number, more: number): number => {
    now += ms;
    count += more;
    return rate();
  };
  expect(after(500, 100)).toBe(0);
  expect(after(500, 100)).toBe(200);
  expect(after(999, 5_000)).toBe(200);
  expect(after(1, 0)).toBe(5_000);
  expect(after(10_000, 0)).toBe(0);
});
