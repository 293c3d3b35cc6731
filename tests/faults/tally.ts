import type { Verdict } from './verdict.ts';

/** What came of the runs of one row in one browser. */
export interface Tally extends Verdict {
  runs: number;
  /** For each fault: the time from it to the next update that the page applied, in ms. */
  recoveriesMs: number[];
}

export const createTally = (): Tally => ({ runs: 0, lost: 0, twice: 0, disordered: 0, shownLost: 0, recoveriesMs: [] });

/** Adds a verdict. */
export function addVerdict(tally: Tally, verdict: Verdict): void {
  tally.lost += verdict.lost;
  tally.twice += verdict.twice;
  tally.disordered += verdict.disordered;
  tally.shownLost += verdict.shownLost;
}

/** The middle one of an odd number, the lower of the two middle ones of an even; `null` of none. */
export const median = (numbers: readonly number[]): number | null =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? null;
