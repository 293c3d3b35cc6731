import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPace } from '../../servers/pace';

describe('pace', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it.each([0, 0.5, 1, 3, 50, 120, 2000])('pace of %d a second adds up over ten seconds', (perSecond) => {
    let total = 0;
    const pace = createPace(perSecond, (count) => (total += count));
    vi.advanceTimersByTime(10_000);
    pace.end();
    expect(Math.abs(total - perSecond * 10)).toBeLessThanOrEqual(2);
  });

  it('pace goes on at the new rate and stops at its end', () => {
    let total = 0;
    const pace = createPace(1, (count) => (total += count));
    pace.set(100);
    vi.advanceTimersByTime(1000);
    expect(pace.perSecond).toBe(100);
    expect(total).toBe(100);
    pace.end();
    vi.advanceTimersByTime(1000);
    expect(total).toBe(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('pace does not make up for an hour asleep', () => {
    let total = 0;
    const pace = createPace(10, (count) => (total += count));
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 3_600_000);
    vi.advanceTimersToNextTimer();
    clock.mockRestore();
    pace.end();
    expect(total).toBe(10);
  });
});
