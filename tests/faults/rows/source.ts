import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import type { Action } from '../../servers/action.ts';
import { streamsFeed } from '../feeds.ts';
import { openDetails, waitForReason } from '../details.ts';
import { both, type FaultRow } from '../row.ts';
import { LATEST_RETRY_MS, LIMIT_MS } from '../watched-page.ts';
import { addVerdict } from '../tally.ts';
import { holds, judge } from '../verdict.ts';

/** 12 s of them: a source that worked for 10 s is tried again after the first delay, and not after a longer one each time. */
const EVENTS_UNTIL_GOOD = 600;

const FAILURES: readonly { action: Action; words: string }[] = [
  { action: { action: 'stop' }, words: 'The server refused: 503' },
  { action: { action: 'fail', status: 500 }, words: 'The server refused: 500' },
  { action: { action: 'fail', status: 429, retryAfterS: 1 }, words: 'The server refused: 429' },
];

/** Rows of a source that fails and comes back. */
export const SOURCE_ROWS: FaultRow[] = [
  {
    number: 15,
    fault: 'source goes away and comes back',
    holds: 'state shown with the reason; backoff; resumes',
    browsers: both(
      'the server drops its connections and answers 503, 500 or 429, each for up to 3 s; 50 events a second',
    ),
    runs: { short: 1, long: { minutes: 10 } },
    async induce(world, runs) {
      const watched = await world.watch();
      await openDetails(watched.page, 'Numbers');
      for (const run of runs) {
        const failure = FAILURES[run % FAILURES.length] ?? assert.fail();
        const before = world.demo.state.events.requests;
        world.demo.control('events', failure.action);
        await waitForReason(watched.page, 'Numbers', 'retrying', failure.words, LATEST_RETRY_MS);
        const outageMs = Math.random() * 3_000;
        await delay(run < FAILURES.length ? 0 : outageMs);
        const tries = world.demo.state.events.requests - before;
        assert.ok(tries <= 1 + outageMs / 100, `${tries} requests while the source refused`);
        world.demo.control('events', 'return');
        await watched.goesOn(world.moment(), LATEST_RETRY_MS);
        if (run >= FAILURES.length) await delay(Math.random() * 15_000);
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
    async induce(world, runs) {
      const watched = await world.watch();
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
        for (const history of [taken.slice(0, next), taken.slice(next)]) {
          const verdict = judge(history, Number(history.at(-1)?.updates.at(-1)?.value));
          addVerdict(world.tally, verdict);
          assert.ok(holds(verdict), JSON.stringify(verdict));
        }
      }
    },
  },
  {
    number: 17,
    fault: 'source open but silent',
    holds: 'stale after its limit, reconnects',
    browsers: both('the server keeps its connections and sends nothing for longer than the 1.5 s that the feed allows'),
    runs: { short: 1, long: 20 },
    async induce(world, runs) {
      const feed = numbersFeed(world.demo);
      if (feed.source.type !== 'sse') throw new TypeError('Cannot silence the numbers: they are no event stream');
      await world.configure({ ...feed, source: { ...feed.source, silentAfterMs: 1_500 } }, streamsFeed);
      const watched = await world.watch();
      await openDetails(watched.page, 'Numbers');
      for (const run of runs) {
        if (run > 0) await world.told(EVENTS_UNTIL_GOOD);
        const { total } = world.demo.state.events.connections;
        world.demo.control('events', 'silent');
        await waitForReason(watched.page, 'Numbers', 'stale', 'The connection is open, but nothing comes.');
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
