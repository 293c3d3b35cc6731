import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createMemoryReader } from '../../../bench/memory.ts';
import { both, type FaultRow } from '../row.ts';
import type { WatchedPage } from '../watched-page.ts';
import type { World } from '../world.ts';

/** Longest wait of a page for an answer of the background, in ms: within it a dead port is found. */
const HEARTBEAT_MS = 5_000;

/** What may wait for a frozen page, in bytes. 4000 messages that are posted to it nevertheless take about 30 MiB. */
const WAITING_LIMIT_BYTES = 4 * 1024 * 1024;

/** Within it, what was posted to the page is in its process, in ms. */
const SETTLE_MS = 500;

const NOT_FROZEN = { cannot: 'Firefox has no frozen state' } as const;

/** Rows of a page that is frozen, cached or hidden. */
export const PAGE_LIFE_ROWS: FaultRow[] = [
  {
    number: 9,
    fault: 'tab frozen while the source runs',
    holds: 'page memory flat; catch-up in one batch after the thaw',
    browsers: {
      chromium: {
        how: "another tab in front, then Page.setWebLifecycleState; 4000 events meanwhile; memory of the pages' processes before and after them, with what waits for the page",
      },
      firefox: NOT_FROZEN,
    },
    runs: { short: 2, long: 20 },
    async induce(world, runs) {
      const watched = await world.watch();
      for (const _ of runs) {
        world.demo.control('events', { action: 'rate', perSecond: 0 });
        await watched.catchesUp();
        // A collection, so that none comes meanwhile and makes up for what waits.
        await watched.page.heapBytes();
        await freeze(watched);
        await delay(SETTLE_MS);
        const readMemory = createMemoryReader(world.browser.pid);
        const before = readMemory().pages;
        assert.ok(before > 0, 'there is a process with pages');
        for (let burst = 0; burst < 4; burst += 1) world.demo.control('events', { action: 'burst', count: 1_000 });
        await delay(SETTLE_MS);
        const waiting = readMemory().pages - before;
        assert.ok(waiting < WAITING_LIMIT_BYTES, `the frozen page grew by ${waiting} bytes`);
        await watched.look();
        const known = watched.numbers.length;
        const moment = world.moment();
        await thaw(watched);
        await watched.goesOn({ ...moment, newest: moment.newest - 1 });
        const batches = watched.numbers.slice(known);
        assert.equal(batches.length, 1, 'batches after the thaw');
        assert.equal(batches[0]?.updates.length, 4_000, 'updates in it');
      }
      await watched.settle();
    },
  },
  {
    number: 10,
    fault: 'worker killed while the tab is frozen',
    holds: 'recovers within one heartbeat after the thaw',
    browsers: {
      chromium: {
        how: 'another tab in front, then Page.setWebLifecycleState; the driver stops the background meanwhile',
      },
      firefox: NOT_FROZEN,
    },
    runs: { short: 2, long: 20 },
    recoversWithinMs: HEARTBEAT_MS,
    async induce(world, runs) {
      const watched = await world.watch();
      for (const _ of runs) {
        await freeze(watched);
        await world.told(10);
        await world.kill();
        await world.told(10);
        const moment = world.moment();
        await thaw(watched);
        await watched.goesOn(moment);
        await world.told(60);
      }
      await watched.settle();
    },
  },
  {
    number: 11,
    fault: 'bfcache and back',
    holds: 'exactly one port per document; page not evicted; catch-up',
    browsers: {
      chromium: { how: 'to another page while 20 events come, and back through the history' },
      firefox: {
        how: 'to another page while 20 events come, and back through the history; Firefox itself evicts a few of 100 pages, which then stream as new ones',
      },
    },
    runs: { short: 3, long: 200 },
    induce: (world, runs) => goAndComeBack(world, runs, async () => {}),
  },
  {
    number: 12,
    fault: 'bfcache, worker killed meanwhile, back',
    holds: 'the same',
    browsers: both('the driver stops the background while the page is in the cache'),
    runs: { short: 2, long: 50 },
    async induce(world, runs) {
      await goAndComeBack(world, runs, async () => {
        await world.kill();
      });
    },
  },
  {
    number: 23,
    fault: 'tab hidden, shown',
    holds: 'nothing sent while hidden; right value at once when shown',
    browsers: both('another tab in front'),
    runs: { short: 2, long: 50 },
    recoversWithinMs: 1_000,
    async induce(world, runs) {
      const watched = await world.watch();
      for (const _ of runs) {
        await watched.page.hide();
        // What left before the page said that it is hidden.
        await world.told(25);
        await watched.look();
        const known = watched.numbers.length;
        await world.told(50);
        await watched.look();
        assert.equal(watched.numbers.length, known, 'batches while hidden');
        const moment = world.moment();
        await watched.page.bringToFront();
        await watched.goesOn(moment);
      }
      await watched.settle();
    },
  },
];

/** Browsers freeze hidden pages only. */
async function freeze({ page }: WatchedPage): Promise<void> {
  await page.hide();
  await page.freeze();
}

async function thaw({ page }: WatchedPage): Promise<void> {
  await page.thaw();
  await page.bringToFront();
}

/** Firefox drops some by itself, see `TestPage.hasCachedBack`. Such a page is another document, and must stream as one. */
const mayBeDropped = (walks: number): number => 5 + walks / 10;

const markDocument = ({ page }: WatchedPage): Promise<void> =>
  page.evaluate(() => void Object.assign(window, { sameDocument: true }));

async function goAndComeBack(world: World, runs: Iterable<number>, meanwhile: () => Promise<void>): Promise<void> {
  // The page of the pipeline asks for its state now and then: no browser caches a page with a request under way.
  const watched = await world.watch({ path: '/strict' });
  const { page } = watched;
  let dropped = 0;
  let walks = 0;
  /** Whether it was the same document after all. */
  const walk = async (): Promise<boolean> => {
    await watched.look();
    await page.navigate(`${world.demo.url}/away`);
    await world.told(20);
    await meanwhile();
    const moment = world.moment();
    await page.back();
    walks += 1;
    const isKept = await page.evaluate(() => 'sameDocument' in window);
    if (!isKept) {
      assert.equal(world.name, 'firefox', 'the page was evicted');
      dropped += 1;
      assert.ok(dropped <= mayBeDropped(walks), `${dropped} of ${walks} pages were evicted`);
      await markDocument(watched);
      await watched.reloaded();
    }
    await watched.goesOn(moment);
    await world.streams(page, 1);
    return isKept;
  };
  await markDocument(watched);
  for (const _ of runs) {
    let isKept = false;
    while (!isKept) isKept = await walk();
  }
  await watched.settle();
}
