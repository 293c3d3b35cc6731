import type { BrowserName } from '../browser/driver/test-browser.ts';
import { type Amount, canInduce, type FaultRow } from './row.ts';
import { createSharedBrowser, type RowResult } from './run-row.ts';
import { createTally } from './tally.ts';

/** Rows that are under way or to come: what comes of each, by {@link keyOf}. Nothing here rejects. */
export type RunningRows = ReadonlyMap<string, Promise<RowResult>>;

export const keyOf = (row: FaultRow, browser: BrowserName): string => `${row.number} ${browser}`;

/** Runs what comes of rows one after the other in one lane. */
async function runLane(
  name: BrowserName,
  rows: readonly FaultRow[],
  amountOf: (row: FaultRow) => Amount,
  tell: (result: RowResult) => void,
): Promise<void> {
  const shared = createSharedBrowser(name);
  for (const row of rows) {
    const startedAt = performance.now();
    const result = await shared.run(row, amountOf(row)).catch((error: unknown): RowResult => ({
      row,
      browser: name,
      version: '',
      tally: createTally(),
      failure: error instanceof Error ? error : new Error(String(error)),
      tookMs: performance.now() - startedAt,
    }));
    tell(result);
  }
  await shared.close();
}

/**
 * Starts all rows that can be brought about in these browsers. Each browser has two lanes: one for the rows that work all the
 * time, one for those that mostly wait.
 */
export function startRows(
  rows: readonly FaultRow[],
  browsers: readonly BrowserName[],
  amountOf: (row: FaultRow) => Amount,
): RunningRows {
  const results = new Map<string, PromiseWithResolvers<RowResult>>();
  for (const name of browsers) {
    const mine = rows.filter((row) => canInduce(row, name));
    for (const row of mine) results.set(keyOf(row, name), Promise.withResolvers());
    const lanes = [mine.filter(({ own }) => !own?.isPatient), mine.filter(({ own }) => own?.isPatient)];
    for (const lane of lanes) {
      if (lane.length === 0) continue;
      void runLane(name, lane, amountOf, (result) => results.get(keyOf(result.row, name))?.resolve(result));
    }
  }
  return new Map(Array.from(results, ([key, { promise }]) => [key, promise]));
}
