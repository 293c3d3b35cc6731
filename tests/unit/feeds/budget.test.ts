import { describe, expect, test } from 'vitest';
import { createBudget, SOURCE_BUDGET } from '../../../utils/feeds/budget';

const NOTHING = { bytes: 0, events: 0 };
const KINDS = ['bytes', 'events'] as const;

function createBench() {
  let now = 0;
  const { spend } = createBudget(() => now);
  return {
    spend,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe.each(KINDS)('a budget of %s', (kind) => {
  const { burst, perSecond } = SOURCE_BUDGET[kind];

  test('lets a burst through, and nothing more in the same moment', () => {
    const { spend } = createBench();
    expect(spend({ ...NOTHING, [kind]: burst })).toBeNull();
    expect(spend({ ...NOTHING, [kind]: 1 })).toMatch(/more than|too long/);
  });

  test('lets its rate through for ever, after a burst as well', () => {
    const { spend, pass } = createBench();
    spend({ ...NOTHING, [kind]: burst });
    for (let tenths = 0; tenths < 600; tenths += 1) {
      pass(100);
      expect(spend({ ...NOTHING, [kind]: perSecond / 10 })).toBeNull();
    }
  });

  test('is used up by twice its rate, and full again after a pause', () => {
    const { spend, pass } = createBench();
    let seconds = 0;
    for (; spend({ ...NOTHING, [kind]: 2 * perSecond }) === null; seconds += 1) pass(1_000);
    expect(seconds).toBe(Math.floor(burst / perSecond) - 1);
    pass(86_400_000);
    expect(spend({ ...NOTHING, [kind]: burst })).toBeNull();
    expect(spend({ ...NOTHING, [kind]: burst / 2 })).not.toBeNull();
  });

  test('forgives what was spent beyond it', () => {
    const { spend, pass } = createBench();
    spend({ ...NOTHING, [kind]: 100 * burst });
    pass(1_000);
    expect(spend({ ...NOTHING, [kind]: perSecond })).toBeNull();
  });
});

test('a budget has room for 2000 events a second and 20 000 at once', () => {
  const { spend, pass } = createBench();
  const cost = (events: number) => ({ bytes: events * 500, events });
  expect(spend(cost(20_000))).toBeNull();
  for (let second = 0; second < 600; second += 1) {
    pass(1_000);
    expect(spend(cost(2_000))).toBeNull();
  }
});
