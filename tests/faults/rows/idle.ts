import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { connectTimes, COUNT_CONNECTS } from '../count-connects.ts';
import { COUNT_TIMERS, dueTimers } from '../count-timers.ts';
import { COUNT_IN_BACKGROUND } from '../../soak/background-counts.ts';
import { both, type FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';

/** Both browsers stop a background after 30 s without what they count as life. */
const IDLE_MS = 35_000;
const STOP_LIMIT_MS = 120_000;
/** Of a worker, and of an event page: there the driver's scripts have another one. */
const GLOBAL = '(globalThis.window ?? globalThis)';

/** Rows of a browser in which nothing happens. */
export const IDLE_ROWS: FaultRow[] = [
  {
    number: 3,
    fault: 'idle for 35 s with a silent source and a watching page',
    holds: 'still live, no reconnect',
    browsers: both('a source that sends nothing for 35 s, no debugger attached to the background'),
    runs: { short: 1, long: 3 },
    own: { instruments: () => ({ content: COUNT_CONNECTS }), isPatient: true },
    async induce(world, runs) {
      const feed = numbersFeed(world.demo);
      if (feed.source.type !== 'sse') throw new TypeError('Cannot silence the numbers: they are no event stream');
      await world.configure({ ...feed, source: { ...feed.source, silentAfterMs: 3_600_000 } });
      const watched = await world.watch();
      const { extension } = world.browser;
      await extension.evaluateInBackground(`void (${GLOBAL}.isTheSame = true)`);
      for (const _ of runs) {
        world.demo.control('events', { action: 'rate', perSecond: 0 });
        await watched.catchesUp();
        const connects = await connectTimes(watched.page);
        const { total } = world.demo.state.events.connections;
        world.demo.control('events', 'silent');
        await delay(IDLE_MS);
        const moment = world.moment();
        world.demo.control('events', 'return');
        world.demo.control('events', { action: 'rate', perSecond: 50 });
        await watched.goesOn(moment);
        assert.deepEqual(await connectTimes(watched.page), connects, 'ports of the page');
        assert.equal(world.demo.state.events.connections.total, total, 'connections to the source');
        assert.equal(await extension.evaluateInBackground(`${GLOBAL}.isTheSame`), true, 'the same background');
      }
      await watched.settle();
    },
  },
  {
    number: 4,
    fault: 'nobody watches',
    holds: 'source closed, worker allowed to stop, no timers',
    browsers: both(
      'the only page is hidden until the browser stops the background, then shown; timers that are due in the page and in the background are counted',
    ),
    runs: { short: 1, long: 3 },
    own: { instruments: () => ({ content: COUNT_TIMERS, background: COUNT_IN_BACKGROUND }), isPatient: true },
    async induce(world, runs) {
      const watched = await world.watch();
      const { events } = world.demo;
      for (const _ of runs) {
        await watched.page.hide();
        await waitFor('the source to be closed', () => events.state.connections.now === 0, { limitMs: 20_000 });
        const { requests } = events.state;
        await waitFor(
          'no timer',
          async () => {
            // What it tells is since it was last asked: the second time, now.
            const due = await world.browser.extension.evaluateInBackground(
              `(${GLOBAL}.tellSoakCounts(), ${GLOBAL}.tellSoakCounts().mostTimers)`,
            );
            assert.deepEqual({ due, ofPage: await dueTimers(watched.page) }, { due: 0, ofPage: [0] });
            return true;
          },
          { limitMs: LIMIT_MS, everyMs: 1_000 },
        );
        await waitFor('the background to stop', async () => !(await world.browser.extension.backgroundIsRunning()), {
          limitMs: STOP_LIMIT_MS,
          everyMs: 500,
        });
        assert.equal(events.state.requests, requests, 'requests while nobody watches');
        // A page that lost its port looks once, within 150 ms, whether it is shown by now.
        await waitFor('no timer in the page without a background', async () => {
          assert.deepEqual(await dueTimers(watched.page), [0]);
          return true;
        });
        assert.equal(await world.browser.extension.backgroundIsRunning(), false, 'a background that nobody needs');
        const moment = world.moment();
        await watched.page.bringToFront();
        await watched.goesOn(moment);
      }
      await watched.settle();
    },
  },
];
