import type { SourceDeps } from './source';

/** How long a source may keep all other tasks of the background waiting, in ms. */
export const TURN_MS = 4;

/**
 * How long a source may work without rests, in ms: at once, and per second. 20 000 events with one feed take 100 ms on two
 * cores of 2026.
 */
export const BUSY_MS = { burst: 150, perSecond: 100 } as const;

/** How long a source may need rests without being through with what it sends, in ms. */
export const OVERRUN_LIMIT_MS = 10_000;

/** What is then used up: a detail of `too-much`. */
export const OVERRUN = 'more than there is time to read';

/** The turns of one source. */
export interface Turns {
  /** Notes how long it worked. */
  worked(busyMs: number): void;
  /** It worked so much lately that it has to rest between its turns. */
  readonly needsRests: boolean;
  /** It has needed them for too long: it sends more than can be read. */
  readonly isOverrun: boolean;
  /** It had to wait for more, or nothing of it waits: however much it worked, it is not behind. */
  caughtUp(): void;
  /** Resolves when it may go on; `null`: at once, its turn is not over. */
  next(): Promise<void> | null;
}

/**
 * Makes the turns of one source. Promises alone do not let others run: while the next chunk is there already, reading it
 * is a microtask, and ports, timers and other sources wait. And to let others run once between two turns is not enough where
 * many sources flood: what others do takes many tasks, so those that flood rest, all of them one after the other.
 */
export function createTurns(deps: Pick<SourceDeps, 'uptime' | 'nextTask' | 'rest'>): Turns {
  let turnMs = 0;
  let leftMs: number = BUSY_MS.burst;
  let filledAt = deps.uptime();
  let startedAt = filledAt;
  let overSince: number | null = null;

  const begin = async (waited: Promise<void>): Promise<void> => {
    await waited;
    turnMs = 0;
    startedAt = deps.uptime();
  };

  return {
    worked(busyMs) {
      const now = deps.uptime();
      leftMs = Math.min(BUSY_MS.burst, leftMs + ((now - filledAt) / 1_000) * BUSY_MS.perSecond) - busyMs;
      filledAt = now;
      turnMs += busyMs;
      if (leftMs < 0) overSince ??= now;
      else if (leftMs > BUSY_MS.burst / 3) overSince = null;
      leftMs = Math.max(0, leftMs);
    },
    get needsRests() {
      return overSince !== null;
    },
    get isOverrun() {
      return overSince !== null && deps.uptime() - overSince >= OVERRUN_LIMIT_MS;
    },
    caughtUp() {
      overSince = null;
    },
    next() {
      if (overSince !== null && turnMs >= TURN_MS) return begin(deps.rest());
      return deps.uptime() - startedAt < TURN_MS ? null : begin(deps.nextTask());
    },
  };
}
