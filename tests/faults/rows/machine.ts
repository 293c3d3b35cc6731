import assert from 'node:assert/strict';
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestPage } from '../../browser/driver/test-browser.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { waitForRow } from '../../browser/panel.ts';
import { openDetails, waitForReason } from '../details.ts';
import { newestFeed, streamsFeed } from '../feeds.ts';
import { both, type FaultRow } from '../row.ts';
import type { WatchedPage } from '../watched-page.ts';
import type { World } from '../world.ts';

const HOUR_MS = 3_600_000;
const SLEEP_MS = 3_000;

/** Instrument of both ends: a clock that the test can set. Only \`Date.now\` is asked for the time. */
const CLOCK = `{
  const now = Date.now.bind(Date);
  globalThis.clockJump = 0;
  Date.now = () => now() + globalThis.clockJump;
  globalThis.document?.addEventListener('test-clock', ({ detail }) => { globalThis.clockJump = Number(detail); });
}`;

/** Instrument of the background: a disk on which nothing can be written, and storage that refuses. */
const NO_STORAGE = `{
  const refuse = () => Promise.reject(new DOMException('on purpose', 'QuotaExceededError'));
  const { storage } = globalThis.browser?.storage ? globalThis.browser : globalThis.chrome;
  IDBFactory.prototype.open = () => { throw new DOMException('on purpose', 'QuotaExceededError'); };
  for (const area of [storage.session, storage.local]) Object.defineProperty(area, 'set', { value: refuse });
}`;

/** Rows of a machine that is not as it should be. */
export const MACHINE_ROWS: FaultRow[] = [
  {
    number: 24,
    fault: 'clock jumps by an hour, machine sleeps',
    holds: 'no burst of ticks, ages right',
    browsers: both(
      'a copy of the build in which the test sets the clock of background and page an hour on and back; all processes of the browser stopped for 3 s',
    ),
    runs: { short: 1, long: 20 },
    own: { instruments: () => ({ background: CLOCK, content: CLOCK }) },
    async induce(world, runs) {
      const { demo } = world;
      await world.configure(numbersFeed(demo), newestFeed(demo), streamsFeed);
      const watched = await world.watch();
      for (const _ of runs) {
        for (const jumpMs of [HOUR_MS, 0, -HOUR_MS, 0]) {
          const before = await batchesIn(watched, world);
          await setClock(world, watched.page, jumpMs);
          const after = await batchesIn(watched, world);
          assert.ok(after <= 2 * before + 5, `${after} batches after the jump, ${before} before`);
          await waitForRow(watched.page, 'Newest', ({ state, text }) => state === 'live' && text.endsWith('now'));
        }
        await sleep(world);
        const woken = await batchesIn(watched, world);
        assert.ok(woken <= 25, `${woken} batches after the sleep`);
        await waitForRow(watched.page, 'Newest', ({ state }) => state === 'live');
      }
      await watched.settle();
    },
  },
  {
    number: 25,
    fault: 'storage full or refused (IndexedDB, session, local)',
    holds: 'stream alive; the weaker promise is shown',
    browsers: both('a copy of the build whose background gets QuotaExceededError from all three'),
    runs: { short: 1, long: 10 },
    own: { instruments: () => ({ background: NO_STORAGE }) },
    async induce(world, runs) {
      const watched = await world.watch();
      await openDetails(watched.page, 'Numbers');
      for (const _ of runs) {
        await waitForReason(watched.page, 'Numbers', 'live', 'Updates are not kept over a restart');
        await watched.goesOn(world.moment());
        await watched.page.hide();
        await world.told(20);
        const moment = world.moment();
        await watched.page.bringToFront();
        await watched.goesOn(moment);
        // What a worker without a disk knows ends with it: the next one begins another history.
        await watched.look();
        watched.judgeSoFar();
        await watched.goesOn(await world.kill());
        await watched.look();
        const histories = Map.groupBy(watched.numbers, ({ epoch }) => epoch);
        assert.ok(histories.size <= 2, 'histories after the restart');
        watched.take();
      }
      await watched.settle();
    },
  },
];

/** How many batches of the numbers come while the source tells 50. */
async function batchesIn(watched: WatchedPage, world: World): Promise<number> {
  await watched.look();
  const before = watched.numbers.length;
  await world.told(50);
  await watched.look();
  return watched.numbers.length - before;
}

async function setClock(world: World, page: TestPage, jumpMs: number): Promise<void> {
  await world.browser.extension.evaluateInBackground(`void ((globalThis.window ?? globalThis).clockJump = ${jumpMs})`);
  await page.evaluate((detail: number) => {
    document.dispatchEvent(new CustomEvent('test-clock', { detail }));
  }, jumpMs);
}

/** Stops all processes of the browser, which lead a group of their own, and lets them go on. */
async function sleep({ browser }: World): Promise<void> {
  kill(-browser.pid, 'SIGSTOP');
  try {
    await delay(SLEEP_MS);
  } finally {
    kill(-browser.pid, 'SIGCONT');
  }
}
