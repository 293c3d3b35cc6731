/** Timers closer together than this, in ms, run late; above 100 a second several fall due at once. */
const SHORTEST_TICK_MS = 10;

/** What falls due after a pause of the whole process, in ms: not a burst as long as the pause. */
const LONGEST_CATCH_UP_MS = 1000;

export interface Pace {
  readonly perSecond: number;
  /** From 0, which stops it, to 2000 a second. */
  set(perSecond: number): void;
  end(): void;
}

/**
 * Calls `onDue(count)` so that the counts add up to `perSecond`, whatever the timers do.
 * After a pause of the whole process at most a second's worth, or two, falls due.
 */
export function createPace(perSecond: number, onDue: (count: number) => void): Pace {
  let rate = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let dueAt = 0;

  const tick = (): void => {
    const now = performance.now();
    const stepMs = 1000 / rate;
    dueAt = Math.max(dueAt, now - Math.max(LONGEST_CATCH_UP_MS, 2 * stepMs));
    // A timer may fire up to 1 ms early; what is due then must not wait for the next tick.
    const count = Math.floor((now - dueAt + 1) / stepMs);
    if (count < 1) return;
    dueAt += count * stepMs;
    onDue(count);
  };
  const set = (next: number): void => {
    clearInterval(timer);
    rate = next;
    dueAt = performance.now();
    if (rate > 0) timer = setInterval(tick, Math.max(SHORTEST_TICK_MS, 1000 / rate));
  };
  set(perSecond);
  return {
    get perSecond() {
      return rate;
    },
    set,
    end: () => clearInterval(timer),
  };
}
