import { describe, expect, it } from 'vitest';
import { createReturnAllowance, MAX_RETURNS, RETURN_WINDOW_MS } from '../../../utils/ui/keep-in-page';

describe('return allowance', () => {
  it('allows three returns a minute, whenever the minute begins', () => {
    const mayReturn = createReturnAllowance();
    const times = [0, 10_000, 20_000, 30_000, RETURN_WINDOW_MS - 1, RETURN_WINDOW_MS, RETURN_WINDOW_MS + 1, 70_000];
    expect(times.map(mayReturn)).toEqual([true, true, true, false, false, true, false, true]);
  });

  it('never allows more in any minute', () => {
    const mayReturn = createReturnAllowance();
    const returns: number[] = [];
    for (let now = 0; now < 10 * RETURN_WINDOW_MS; now += 777) if (mayReturn(now)) returns.push(now);
    returns.forEach((at, index) => {
      const next = returns[index + MAX_RETURNS];
      if (next !== undefined) expect(next - at).toBeGreaterThanOrEqual(RETURN_WINDOW_MS);
    });
    expect(returns.length).toBeGreaterThan(20);
  });
});
