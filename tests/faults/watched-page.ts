import assert from 'node:assert/strict';
import type { TestPage } from '../browser/driver/test-browser.ts';
import { waitFor } from '../browser/driver/wait-for.ts';
import { type AppliedBatch, recordApplied, takeApplied } from '../browser/applied.ts';
import type { Demo } from '../servers/demo.ts';
import { addVerdict, type Tally } from './tally.ts';
import { holds, judge, numbersIn } from './verdict.ts';

/** When something happened: epoch ms, and what the source had told by then. */
export interface Moment {
  at: number;
  newest: number;
}

/** How long to wait for what a busy machine does late, in ms. */
export const LIMIT_MS = 30_000;

/** A source that keeps failing is tried once a minute in the end. */
export const LATEST_RETRY_MS = 90_000;

/** A page on which the numbers of the source are applied, compared with the source's record. */
export interface WatchedPage {
  readonly page: TestPage;
  /** What was applied since the last {@link settle}, as of the last look. */
  readonly batches: readonly AppliedBatch[];
  /** The batches of the numbers among them. */
  readonly numbers: readonly AppliedBatch[];
  /** Compares what was applied up to the last of it with the record, and forgets it: what comes then may begin anew. */
  judgeSoFar(): void;
  /** Records again, after a load. What was applied in the document before is judged. */
  reloaded(): Promise<void>;
  /** Looks what was applied by now. */
  look(): Promise<void>;
  /** Waits until all that the source told is applied. */
  catchesUp(): Promise<void>;
  /** What was applied, which is then forgotten and not judged. */
  take(): AppliedBatch[];
  /** Waits until something is applied that the source told after `moment`, and notes how long after it that was. */
  goesOn(moment: Moment, limitMs?: number): Promise<void>;
  /**
   * Stops the source, waits until all it told is applied, and compares. What is judged is forgotten; what comes next must
   * follow it.
   * @throws {AssertionError} when something was lost in silence, came twice or out of order
   */
  settle(): Promise<void>;
}

export async function watchPage(page: TestPage, demo: Demo, tally: Tally): Promise<WatchedPage> {
  let batches: AppliedBatch[] = [];
  /** The last number applied, also when its batch is forgotten. */
  let last = 0;
  const numbers = (): AppliedBatch[] => batches.filter(({ feed }) => feed === 'numbers');
  const look = async (): Promise<void> => {
    batches.push(...(await takeApplied(page)));
    last = newest() ?? last;
  };
  /** The first number that must be there, where the stream goes on from what was judged before. */
  let from: number | undefined;
  const judgeUpTo = (told: number): void => {
    const verdict = judge(numbers(), told, from);
    batches = [];
    from = undefined;
    addVerdict(tally, verdict);
    assert.ok(holds(verdict), `against the source's record: ${JSON.stringify(verdict)} of ${told}`);
  };
  const newest = (): number | undefined => numbersIn(numbers()).at(-1);

  await recordApplied(page);
  const watched: WatchedPage = {
    page,
    get batches() {
      return batches;
    },
    get numbers() {
      return numbers();
    },
    judgeSoFar() {
      if (numbers().length > 0) judgeUpTo(last);
      watched.take();
    },
    async reloaded() {
      watched.judgeSoFar();
      await recordApplied(page);
    },
    look,
    async goesOn(moment, limitMs = LIMIT_MS) {
      const batch = await waitFor(
        `the page to go on after ${moment.newest}`,
        async () => {
          await look();
          const later = numbers().find(({ updates }) => Number(updates.at(-1)?.value) > moment.newest);
          if (!later) throw new Error(`applied up to ${last}`);
          return later;
        },
        { limitMs, everyMs: 20 },
      );
      tally.recoveriesMs.push(Math.max(0, batch.appliedAt - moment.at));
    },
    async catchesUp() {
      await waitFor(
        'everything the source told',
        async () => {
          await look();
          const { record } = demo.events;
          if (last !== record.newest) throw new Error(`applied up to ${last} of ${record.newest}`);
          return true;
        },
        { limitMs: LIMIT_MS },
      );
    },
    take() {
      const taken = batches;
      batches = [];
      from = undefined;
      return taken;
    },
    async settle() {
      demo.control('events', { action: 'rate', perSecond: 0 });
      await watched.catchesUp();
      if (numbers().length > 0) judgeUpTo(last);
      from = last + 1;
    },
  };
  return watched;
}
