import type { TestPage } from '../browser/driver/test-browser.ts';
import type { FeedBatch } from '../../utils/stream/protocol.ts';

/** What a document applied of one feed whose values count from 1, since it was last asked. */
export interface Applied {
  /** How many values were applied. */
  count: number;
  /** Values that are not greater than the one before: twice, or out of order. */
  again: number;
  /** Shown as lost by the product itself. */
  shownLost: number;
  /** The value applied last, also when that was before. */
  last: number;
  /** The values before and after what is missing, and what began there: a new script, another epoch, a batch. */
  gaps: [before: number, after: number, began: string][];
  /** Of its last batch. */
  epoch: string;
  /** A new script of ours began in this document, and its first value is still to come. */
  isAnew: boolean;
  /** Values that a new script showed again, having an empty panel. */
  repeated: number;
}

const SCRIPT = 'script';

/** Instrument of the content script: tells that a script begins. One that comes into a document with another begins a little earlier than that ended. */
export const TELL_SCRIPTS = `document.dispatchEvent(
  new CustomEvent('tidings-applied', { detail: JSON.stringify([{ feed: '${SCRIPT}' }]) }),
);`;

/** By feed. */
export type AppliedByFeed = Record<string, Applied>;

interface SoakWindow extends Window {
  soakApplied?: AppliedByFeed;
}

/**
 * Counts from now on what this document applies of these feeds, in the document itself: a record of all of it would grow. In
 * the `test` build only. Does nothing where it is done already.
 * @returns whether it had to be begun: the document is a new one
 */
export const watchValues = (page: TestPage, feeds: readonly string[]): Promise<boolean> =>
  page.evaluate(
    (wanted: readonly string[], script: string) => {
      const scope = window as SoakWindow;
      if (scope.soakApplied) return false;
      const byFeed: AppliedByFeed = {};
      scope.soakApplied = byFeed;
      document.addEventListener('tidings-applied', (event) => {
        for (const { feed, epoch, updates, lost } of JSON.parse((event as CustomEvent<string>).detail) as FeedBatch[]) {
          if (feed === script) for (const applied of Object.values(byFeed)) applied.isAnew = true;
          if (!wanted.includes(feed)) continue;
          const known = byFeed[feed];
          // What was lost before the first is nothing that this document missed.
          if (known) known.shownLost += lost;
          for (const [index, { value }] of updates.entries()) {
            const number = Number(value);
            // Nonsense has no number from 1.
            if (!(number >= 1)) continue;
            byFeed[feed] ??= {
              count: 0,
              again: 0,
              shownLost: 0,
              last: number - 1,
              gaps: [],
              epoch,
              isAnew: false,
              repeated: 0,
            };
            const applied = byFeed[feed];
            applied.count += 1;
            if (applied.isAnew && number <= applied.last) {
              applied.repeated += applied.last - number + 1;
              applied.last = number - 1;
            }
            const began = `${applied.isAnew ? 'script ' : ''}${applied.epoch === epoch ? '' : 'epoch '}${index === 0 ? `batch of ${updates.length}` : ''}`;
            applied.isAnew = false;
            applied.epoch = epoch;
            if (number <= applied.last) {
              applied.again += 1;
              continue;
            }
            if (number > applied.last + 1) applied.gaps.push([applied.last, number, began]);
            applied.last = number;
          }
        }
      });
      return true;
    },
    feeds,
    SCRIPT,
  );

/** What this document applied since the last call or {@link watchValues}; nothing where that was not called. */
export const takeApplied = (page: TestPage): Promise<AppliedByFeed> =>
  page.evaluate(() => {
    const byFeed = (window as SoakWindow).soakApplied ?? {};
    const taken = structuredClone(byFeed);
    for (const applied of Object.values(byFeed))
      Object.assign(applied, { count: 0, again: 0, shownLost: 0, gaps: [], repeated: 0 });
    return taken;
  });
