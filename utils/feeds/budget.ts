/** What a piece of a source's data cost. */
export interface Cost {
  bytes: number;
  /** Messages, and whatever else makes the background do something: ids, comments. */
  events: number;
}

/**
 * What one source may cost: `burst` at once, and `perSecond` for as long as it likes. More than twice what
 * sources are measured with: 2000 events a second, 20 000 in one burst. What they cost in time is for `turns.ts`.
 */
export const SOURCE_BUDGET = {
  bytes: { burst: 64 * 1024 * 1024, perSecond: 4 * 1024 * 1024 },
  events: { burst: 50_000, perSecond: 5_000 },
} as const;

/** Details of `too-much`, for the person. */
const WORDS = {
  bytes: 'more than 4 MiB a second',
  events: 'more than 5000 messages a second',
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
  const kinds = ['bytes', 'events'] as const;
  const left: Cost = { bytes: 0, events: 0 };
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
