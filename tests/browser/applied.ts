/** What a page applied of the numbers that the demo's events carry, in the `test` build: compared with the demo's own record. */
import type { Feed } from '../../utils/feeds/feed.ts';
import type { FeedBatch } from '../../utils/stream/protocol.ts';
import type { Demo } from '../servers/demo.ts';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';

/** An event feed of the numbers that the demo's events carry: what arrives is compared with the demo's own record. */
export const numbersFeed = ({ port }: Demo): Feed => ({
  id: 'numbers',
  name: 'Numbers',
  kind: 'event',
  source: {
    type: 'sse',
    address: `http://localhost:${port}/events`,
    event: null,
    consecutiveIds: true,
    silentAfterMs: 20_000,
  },
  path: '$.n',
  unit: '',
  paceMs: 1_000,
});

/** A part of a batch, and when the page applied it, in epoch ms. */
export interface AppliedBatch extends FeedBatch {
  appliedAt: number;
}

/** Starts to record what is applied on this page from now on. In the `test` build only. */
export const recordApplied = (page: TestPage): Promise<void> =>
  page.evaluate(() => {
    const applied: object[] = [];
    Object.assign(window, { applied });
    document.addEventListener('tidings-applied', (event) => {
      const appliedAt = Date.now();
      for (const batch of JSON.parse((event as CustomEvent<string>).detail) as object[]) {
        applied.push({ ...batch, appliedAt });
      }
    });
  });

/** What was applied of one feed since {@link recordApplied}. */
export const appliedBatches = async (page: TestPage, feed: Feed['id']): Promise<FeedBatch[]> => {
  const all = await page.evaluate(() => (window as unknown as { applied: AppliedBatch[] }).applied);
  return all.filter((batch) => batch.feed === feed);
};

/** What was applied of all feeds since {@link recordApplied} or the last call; the page forgets it. */
export const takeApplied = (page: TestPage): Promise<AppliedBatch[]> =>
  page.evaluate(() => (window as unknown as { applied: AppliedBatch[] }).applied.splice(0));

/** The numbers applied of {@link numbersFeed}, in the order in which they were. */
export const appliedNumbers = async (page: TestPage): Promise<number[]> => {
  const batches = await appliedBatches(page, 'numbers');
  return batches.flatMap(({ updates }) => updates.map(({ value }) => Number(value)));
};

/** Waits until the page has applied all that the demo has sent. Returns what was applied. */
export const waitForAllNumbers = (page: TestPage, demo: Demo, limitMs = 10_000): Promise<number[]> =>
  waitFor(
    'everything the source sent',
    async () => {
      const numbers = await appliedNumbers(page);
      if (numbers.at(-1) !== demo.events.record.newest) {
        throw new Error(`applied up to ${numbers.at(-1)} of ${demo.events.record.newest}`);
      }
      return numbers;
    },
    { limitMs },
  );

/** All whole numbers from one to another. */
export const numbersFrom = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
