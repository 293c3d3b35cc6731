import type { Verdict } from './verdict.ts';

/** What came of the runs of one row in one browser. */
export interface Tally extends Verdict {
  runs: number;
  /** For each fault: the time from it to the next update that the page applied, in ms. */
  recoveriesMs: number[];
}

export const createTally = (): Tally => ({
  runs: 0,
  compared: 0,
  lost: 0,
  twice: 0,
  disordered: 0,
  shownLost: 0,
  recoveriesMs: [],
});

/** Adds a verdict. */
export function addVerdict(tally: Tally, verdict: Verdict): void {
  tally.compared += verdict.compared;
  tally.lost += verdict.lost;
  tally.twice += verdict.twice;
  tally.disordered += verdict.disordered;
  tally.shownLost += verdict.shownLost;
}
