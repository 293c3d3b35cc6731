import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import type { Feed } from '../../../utils/feeds/feed.ts';
import type { Action } from '../../servers/action.ts';
import { NONSENSE_KINDS } from '../../servers/nonsense.ts';
import { streamsFeed } from '../feeds.ts';
import { openDetails, waitForReason } from '../details.ts';
import { noteRequestTimes } from '../request-times.ts';
import { both, type FaultRow } from '../row.ts';
import { LATEST_RETRY_MS, LIMIT_MS, type WatchedPage } from '../watched-page.ts';
import { addVerdict } from '../tally.ts';
import { holds, judge, numbersIn } from '../verdict.ts';
import type { World } from '../world.ts';

/** 12 s of them: a source that worked for 10 s is tried again after the first delay, and not after a longer one each time. */
const EVENTS_UNTIL_GOOD = 600;

/** What a refusing source asks for, in s: longer than the first retries wait. */
const RETRY_AFTER_S = 3;
/** A timer that is too early, in ms. */
const EARLY_MS = 20;
/** Silence that the feed allows in the row of failures, in ms. */
const SILENT_AFTER_MS = 3_000;
/** Longest outage of the row of failures, in ms, and the first one of each time it runs. */
const OUTAGE_MS = { first: 5_000, max: 30_000 };

interface Failure {
  name: string;
  /** What the source is told to do. */
  actions: readonly Action[];
  /** What the panel then says; `null` of what is over at once, or does not end the stream. */
  shown: { state: string; words: string } | null;
}

/** No request comes sooner than this after another that was refused, in ms. */
const leastGapMs = ({ actions }: Failure): number =>
  actions.some((action) => 'retryAfterS' in action) ? RETRY_AFTER_S * 1_000 - EARLY_MS : 0;

const refusal = (action: Action, status: number): Failure => ({
  name: `status ${status}`,
  actions: [action],
  shown: { state: 'retrying', words: `The server answered ${status}.` },
});

const REFUSALS: readonly Failure[] = [
  refusal({ action: 'stop' }, 503),
  refusal({ action: 'fail', status: 500 }, 500),
  refusal({ action: 'fail', status: 429, retryAfterS: RETRY_AFTER_S }, 429),
];

const FAILURES: readonly Failure[] = [
  ...REFUSALS,
  {
    name: 'silence',
    actions: [{ action: 'silent' }],
    shown: { state: 'stale', words: 'The connection is open, but nothing arrives.' },
  },
  { name: 'a cut connection', actions: [{ action: 'stop' }, { action: 'return' }], shown: null },
  ...NONSENSE_KINDS.map((kind): Failure => ({ name: kind, actions: [{ action: 'nonsense', kind }], shown: null })),
];

/**
 * Most tries to be expected in an outage. Retry number i (0 is the first) waits between 0 and 2^i s, each time as likely: that
 * k of them take s seconds at most has a probability of at most s^k / (k! 2^(k(k-1)/2)). One more than this has less than 1
 * in 100 000. Who tries once a second, or every 100 ms, has more.
 */
function mostTries(outageMs: number): number {
  let tries = 0;
  for (let chance = 1; chance > 1e-5; tries += 1) chance *= outageMs / 1_000 / ((tries + 1) * Math.min(60, 2 ** tries));
  return tries - 1;
}

/** Rows of a source that fails and comes back. */
export const SOURCE_ROWS: FaultRow[] = [
  {
    number: 15,
    fault: 'source goes away and comes back',
    holds: 'state shown with the reason; backoff; resumes',
    browsers: both(
      'drawn at random for each run: the server drops its connections and answers 503, 500 or 429 with Retry-After, is silent, cuts the connection, or sends nonsense; an outage of 5 s, then of up to 30 s; 50 events a second',
    ),
    runs: { short: 1, long: { minutes: 10 } },
    own: { isPatient: true },
    async induce(world, runs) {
      const { random } = world;
      await world.configure(silentAfter(numbersFeed(world.demo), SILENT_AFTER_MS), streamsFeed);
      const watched = await world.watch();
      await openDetails(watched.page, 'Numbers');
      const requestTimes = noteRequestTimes(world.demo);
      for (const run of runs) {
        const failure = random.oneOf(run === 0 ? REFUSALS : FAILURES);
        const outageMs = run === 0 ? OUTAGE_MS.first : random.between(0, OUTAGE_MS.max);
        try {
          await failAndComeBack(world, watched, requestTimes, failure, outageMs);
          if (run > 0) await delay(random.between(0, 15_000));
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          const at = `run ${run}, ${failure.name} for ${outageMs} ms`;
          throw new Error(`${at}: ${words}`, { cause: error });
        }
      }
      await watched.settle();
    },
  },
  {
    number: 16,
    fault: 'source restarts with a new history',
    holds: 'snapshot, no mixing of old and new',
    browsers: both('the server drops its connections and counts from 1 again'),
    runs: { short: 2, long: 20 },
    own: { isPatient: true },
    async induce(world, runs) {
      const watched = await world.watch();
      /** The first number that must be in the history before the restart; of the first one, whatever came first. */
      let from: number | undefined;
      for (const run of runs) {
        if (run > 0) await world.told(EVENTS_UNTIL_GOOD);
        // It must take longer to count as far again than to connect again: no client could tell otherwise.
        world.demo.control('events', { action: 'burst', count: 2_000 });
        await watched.catchesUp();
        const epoch = watched.numbers.at(-1)?.epoch;
        const at = Date.now();
        world.demo.control('events', 'restart');
        await waitFor(
          'a new history',
          async () => {
            await watched.look();
            return watched.numbers.at(-1)?.epoch !== epoch;
          },
          { limitMs: LIMIT_MS },
        );
        await watched.catchesUp();
        const taken = watched.take().filter(({ feed }) => feed === 'numbers');
        const next = taken.findIndex((batch) => batch.epoch !== epoch);
        world.tally.recoveriesMs.push((taken[next]?.appliedAt ?? Infinity) - at);
        assert.equal(new Set(taken.slice(next).map((batch) => batch.epoch)).size, 1, 'histories after the restart');
        const newestOf = (history: typeof taken): number => numbersIn(history).at(-1) ?? 0;
        const [old, fresh] = [taken.slice(0, next), taken.slice(next)];
        // Whoever asks the server to go on after a number that the new history never had gets all of it, from 1.
        for (const verdict of [judge(old, newestOf(old), from), judge(fresh, newestOf(fresh), 1)]) {
          addVerdict(world.tally, verdict);
          assert.ok(holds(verdict), JSON.stringify(verdict));
        }
        from = newestOf(fresh) + 1;
      }
    },
  },
  {
    number: 17,
    fault: 'source open but silent',
    holds: 'stale after its limit, reconnects',
    browsers: both('the server keeps its connections and sends nothing for longer than the 1.5 s that the feed allows'),
    runs: { short: 1, long: 20 },
    own: { isPatient: true },
    async induce(world, runs) {
      await world.configure(silentAfter(numbersFeed(world.demo), 1_500), streamsFeed);
      const watched = await world.watch();
      await openDetails(watched.page, 'Numbers');
      for (const run of runs) {
        if (run > 0) await world.told(EVENTS_UNTIL_GOOD);
        const { total } = world.demo.state.events.connections;
        world.demo.control('events', 'silent');
        await waitForReason(watched.page, 'Numbers', 'stale', 'The connection is open, but nothing arrives.');
        await waitFor('another connection', () => world.demo.state.events.connections.total > total, {
          limitMs: LIMIT_MS,
        });
        const moment = world.moment();
        world.demo.control('events', 'return');
        await watched.goesOn(moment, LATEST_RETRY_MS);
        await waitForReason(watched.page, 'Numbers', 'live');
      }
      await watched.settle();
    },
  },
];

/** The same feed of an event stream, with another limit of silence. */
function silentAfter(feed: Feed, silentAfterMs: number): Feed {
  if (feed.source.type !== 'sse') throw new TypeError('Cannot silence the numbers: they are no event stream');
  return { ...feed, source: { ...feed.source, silentAfterMs } };
}

async function failAndComeBack(
  { demo }: World,
  watched: WatchedPage,
  requestTimes: readonly number[],
  failure: Failure,
  outageMs: number,
): Promise<void> {
  const before = requestTimes.length;
  const at = performance.now();
  for (const action of failure.actions) demo.control('events', action);
  if (failure.shown !== null) {
    const { state, words } = failure.shown;
    await waitForReason(watched.page, 'Numbers', state, words, LATEST_RETRY_MS);
    await delay(Math.max(0, at + outageMs - performance.now()));
    const times = requestTimes.slice(before);
    const most = mostTries(performance.now() - at);
    assert.ok(
      times.length <= most,
      `${times.length} requests while the source failed, at most ${most} are to be expected`,
    );
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const least = leastGapMs(failure);
    assert.ok(
      gaps.every((gap) => gap >= least),
      `requests came ${gaps.map(Math.round)} ms after each other, the server asked for ${least}`,
    );
    demo.control('events', 'return');
  }
  await watched.goesOn({ at: Date.now(), newest: demo.events.record.newest }, LATEST_RETRY_MS);
}
