/** What a piece of a source's data cost. */
export interface Cost {
  bytes: number;
  /** Messages, and whatever else makes the background do something: ids, comments. */
  events: number;
  /** How long it kept the background busy, in ms. */
  busyMs: number;
}

/**
 * What one source may cost: `burst` at once, and `perSecond` for as long as it likes. Five times what a person could follow
 * as a log (2000 events a second, 20 000 in one burst), and 300 ms a second leave 150 µs for each of those events. An event
 * with one feed takes 10 µs on two cores of 2026, and a whole 1 MiB message 20 ms.
 */
export const SOURCE_BUDGET = {
  bytes: { burst: 64 * 1024 * 1024, perSecond: 4 * 1024 * 1024 },
  events: { burst: 100_000, perSecond: 10_000 },
  busyMs: { burst: 5_000, perSecond: 300 },
} as const;

/** Details of `too-much`, for the person. */
const WORDS = {
  bytes: 'more than 4 MiB a second',
  events: 'more than 10 000 messages a second',
  busyMs: 'messages that take too long to read',
} as const;

export interface Budget {
  /** Takes a cost from the budget, and says what is used up with it: a detail of `too-much`, or `null`. */
  spend(cost: Cost): string | null;
}

/**
 * Makes a budget that is full. What is spent comes back with time, to the burst at most; a debt is forgiven.
 * @param uptime ms from any start, with fractions
 */
export function createBudget(uptime: () => number): Budget {
  const kinds = ['bytes', 'events', 'busyMs'] as const;
  const left: Cost = { bytes: 0, events: 0, busyMs: 0 };
  for (const kind of kinds) left[kind] = SOURCE_BUDGET[kind].burst;
  let filledAt = uptime();

  return {
    spend(cost) {
      const now = uptime();
      const seconds = (now - filledAt) / 1_000;
      filledAt = now;
      let usedUp: string | null = null;
      for (const kind of kinds) {
        const { burst, perSecond } = SOURCE_BUDGET[kind];
        const rest = Math.min(burst, left[kind] + seconds * perSecond) - cost[kind];
        if (rest < 0) usedUp = WORDS[kind];
        left[kind] = Math.max(0, rest);
      }
      return usedUp;
    },
  };
}
