import type { SourceDeps } from './source';

/** How much may be written: `burst` at once, and `perSecond` for as long as it lasts, in bytes. */
export interface WriteLimits {
  burst: number;
  perSecond: number;
}

/**
 * Far above what a log is for: 2000 events a second of 100 bytes are 0.3 MiB, and 20 000 in one burst 3 MiB. A source that
 * floods would wear out the disk and hold up what others write.
 */
export const WRITE_LIMITS = {
  connection: { burst: 16 * 1024 * 1024, perSecond: 2 * 1024 * 1024 },
  all: { burst: 64 * 1024 * 1024, perSecond: 8 * 1024 * 1024 },
} as const satisfies Record<string, WriteLimits>;

export interface WriteBudget {
  /** Whether anything may be written now. */
  readonly isLeft: boolean;
  /** Takes `bytes`, although they may be more than is left: what must be written whole is. `false`: nothing is left. */
  take(bytes: number): boolean;
}

/**
 * Makes a budget that is full.
 * @param shared is taken from as well
 */
export function createWriteBudget(
  { burst, perSecond }: WriteLimits,
  { uptime }: Pick<SourceDeps, 'uptime'>,
  shared?: WriteBudget,
): WriteBudget {
  let left = burst;
  let filledAt = uptime();

  const fill = (): void => {
    const at = uptime();
    left = Math.min(burst, left + (perSecond * (at - filledAt)) / 1_000);
    filledAt = at;
  };

  const budget: WriteBudget = {
    get isLeft() {
      fill();
      return left > 0 && shared?.isLeft !== false;
    },
    take(bytes) {
      if (!budget.isLeft) return false;
      left -= bytes;
      shared?.take(bytes);
      return true;
    },
  };
  return budget;
}
