import assert from 'node:assert/strict';
import { killIfRunning } from '../kill-if-running.ts';
import { both, type FaultRow } from '../row.ts';

/**
 * Part of the stops that come soon after the last recovery. A page allows itself 20 connects a minute to ports that lived for
 * less than a second; no browser stops a background that soon.
 */
const EARLY_PART = 0.3;
const PROVEN_EVENTS = 55;

const KILL = both('the driver stops the background while the page streams');

/** Rows of a background that is stopped. */
export const WORKER_ROWS: FaultRow[] = [
  {
    number: 1,
    fault: 'worker killed',
    holds: 'next update within 1 s; nothing lost, nothing twice',
    browsers: KILL,
    runs: { short: 3, long: 20 },
    recoversWithinMs: 1_000,
    async induce(world, runs) {
      const watched = await world.watch({ perSecond: 20 });
      for (const _ of runs) {
        await world.told(25);
        await watched.goesOn(await world.kill());
      }
      await watched.settle();
    },
  },
  {
    number: 2,
    fault: 'worker killed in the middle of a batch, 100 times at random moments',
    holds: 'the same',
    browsers: both(
      '50 events a second, every third time with a burst of 500 on top; stopped 0 to 1.5 s after the last recovery',
    ),
    runs: { short: 20, long: 1_000 },
    recoversWithinMs: 1_000,
    async induce(world, runs) {
      const watched = await world.watch();
      for (const run of runs) {
        const isEarly = world.random.next() < EARLY_PART;
        await world.told(world.random.between(1, 20) + (isEarly ? 0 : PROVEN_EVENTS));
        if (run % 3 === 0) world.demo.control('events', 'burst');
        await watched.goesOn(await world.kill());
      }
      await watched.settle();
    },
  },
  {
    number: 5,
    fault: 'another extension page open',
    holds: 'a killed worker is still noticed',
    browsers: both('popup and side panel are open as tabs while the driver stops the background'),
    runs: { short: 2, long: 20 },
    recoversWithinMs: 1_000,
    async induce(world, runs) {
      await world.openExtensionPage('popup.html');
      await world.openExtensionPage('sidepanel.html');
      const watched = await world.watch();
      for (const _ of runs) {
        await world.told(60);
        await watched.goesOn(await world.kill());
      }
      await watched.settle();
    },
  },
  {
    number: 32,
    fault: 'killing and connecting at once, 150 times',
    holds: 'none hangs',
    browsers: both(
      'the page is loaded again, so that it connects, and the background is stopped 0 to 150 ms after that',
    ),
    runs: { short: 10, long: 150 },
    async induce(world, runs) {
      const watched = await world.watch();
      const kills = { tried: 0, real: 0 };
      for (const run of runs) {
        const moment = world.moment();
        const loading = watched.page.reload();
        await world.told(run % 8);
        kills.tried += 1;
        if (await killIfRunning(world.browser.extension)) kills.real += 1;
        await loading;
        await watched.page.waitFor('the panel', () => document.querySelector('[data-tidings-panel]') !== null);
        await watched.reloaded();
        await watched.goesOn(moment);
      }
      await watched.settle();
      assert.ok(kills.real * 2 > kills.tried, `${kills.real} of ${kills.tried} times there was a background to stop`);
    },
  },
];
