import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createWriteBudget, WRITE_LIMITS } from '../../../utils/feeds/write-budget';
import { createWorld } from './world';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const { deps } = createWorld();
const LIMITS = { burst: 1_000, perSecond: 100 };

describe('write budget', () => {
  test('gives a burst, and then so much a second', () => {
    const budget = createWriteBudget(LIMITS, deps);
    expect([budget.take(600), budget.take(400), budget.take(1)]).toEqual([true, true, false]);
    vi.advanceTimersByTime(1_000);
    expect([budget.take(60), budget.take(40), budget.take(1)]).toEqual([true, true, false]);
    vi.advanceTimersByTime(3_600_000);
    expect([budget.take(1_000), budget.take(1)]).toEqual([true, false]);
  });

  test('gives more than is left at once, and waits for it', () => {
    const budget = createWriteBudget(LIMITS, deps);
    expect(budget.take(1_500)).toBe(true);
    vi.advanceTimersByTime(5_000);
    expect(budget.take(1)).toBe(false);
    vi.advanceTimersByTime(10);
    expect(budget.take(1)).toBe(true);
  });

  test('gives nothing where the one that is shared has nothing left, and takes nothing from either', () => {
    const shared = createWriteBudget(LIMITS, deps);
    const [one, two] = [createWriteBudget(LIMITS, deps, shared), createWriteBudget(LIMITS, deps, shared)];
    expect([one.take(1_000), two.take(1)]).toEqual([true, false]);
    vi.advanceTimersByTime(100);
    expect([two.take(1_000), one.isLeft]).toEqual([true, false]);
  });

  test('goes by a clock that nobody sets', () => {
    const budget = createWriteBudget(LIMITS, deps);
    budget.take(1_000);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(budget.isLeft).toBe(false);
  });

  test('leaves twice the room that 2000 events a second need, and a burst of 20 000', () => {
    const budget = createWriteBudget(WRITE_LIMITS.connection, deps, createWriteBudget(WRITE_LIMITS.all, deps));
    expect(budget.take(20_000 * 150)).toBe(true);
    for (let second = 0; second < 600; second += 1) {
      // Everything is written anew from time to time.
      expect(budget.take(2 * 2_000 * 150)).toBe(true);
      vi.advanceTimersByTime(1_000);
    }
  });
});
