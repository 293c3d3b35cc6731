import assert from 'node:assert/strict';
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Feed } from '../../../utils/feeds/feed.ts';
import type { TestPage } from '../../browser/driver/test-browser.ts';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { waitForRow } from '../../browser/panel.ts';
import type { Demo } from '../../servers/demo.ts';
import { newestFeed, socketFeed, streamsFeed } from '../feeds.ts';
import { both, type FaultRow } from '../row.ts';
import type { WatchedPage } from '../watched-page.ts';
import type { World } from '../world.ts';

const HOUR_MS = 3_600_000;
const SLEEP_MS = 3_000;
/** How far the shown age may be from the age, in ms: a panel draws each second. */
const LATE_MS = 2_000;

/** Instrument of both ends: a clock that the test can set. Only \`Date.now\` is asked for the time. */
const CLOCK = `{
  const now = Date.now.bind(Date);
  globalThis.clockJump = 0;
  Date.now = () => now() + globalThis.clockJump;
  globalThis.document?.addEventListener('test-clock', ({ detail }) => { globalThis.clockJump = Number(detail); });
}`;

/** Rows of a machine that is not as it should be. */
export const MACHINE_ROWS: FaultRow[] = [
  {
    number: 24,
    fault: 'clock jumps by an hour, machine sleeps',
    holds: 'no burst of ticks, ages right',
    browsers: both(
      'a copy of the build in which the test sets the clock of background and page an hour on and back; all processes of the browser stopped for 3 s; a source that is silent after one value beside one that is not',
    ),
    runs: { short: 1, long: 20 },
    own: { instruments: () => ({ background: CLOCK, content: CLOCK }) },
    async induce(world, runs) {
      const { demo } = world;
      await world.configure(numbersFeed(demo), newestFeed(demo), quietFeed(demo), streamsFeed);
      // One value when it is connected, and then nothing.
      demo.control('socket', { action: 'rate', perSecond: 0 });
      const watched = await world.watch();
      await waitFor('the connection of the quiet feed', () => demo.state.socket.connections.now > 0);
      const valueAt = Date.now();
      demo.control('socket', { action: 'burst', count: 1 });
      for (const _ of runs) {
        for (const jumpMs of [HOUR_MS, 0, -HOUR_MS, 0]) {
          const before = await batchesIn(watched, world);
          await setClock(world, watched.page, jumpMs);
          const after = await batchesIn(watched, world);
          assert.ok(after <= 2 * before + 5, `${after} batches after the jump, ${before} before`);
          await waitForRow(watched.page, 'Newest', ({ state, text }) => state === 'live' && text.endsWith('now'));
          await waitForAge(watched.page, () => Date.now() - valueAt + jumpMs);
        }
        await sleep(world);
        const woken = await batchesIn(watched, world);
        assert.ok(woken <= 25, `${woken} batches after the sleep`);
        await waitForRow(watched.page, 'Newest', ({ state }) => state === 'live');
        await waitForAge(watched.page, () => Date.now() - valueAt);
      }
      assert.equal(demo.state.socket.connections.total, 1, 'connections of the quiet feed: its value is the first one');
      await watched.settle();
    },
  },
];

/** A state whose source says nothing: its age is what the clock makes of it. */
const quietFeed = (demo: Demo): Feed => {
  const feed = socketFeed(demo);
  if (feed.source.type !== 'websocket') throw new TypeError('Cannot silence the socket: it is no WebSocket');
  return { ...feed, id: 'quiet', name: 'Quiet', kind: 'state', source: { ...feed.source, silentAfterMs: HOUR_MS } };
};

/** What the panel shows of an age, and how long each unit is, in ms. */
const UNITS_MS: Record<string, number> = { s: 1_000, min: 60_000, h: HOUR_MS };

/** Waits until the quiet feed's row shows this age, in ms, but for what a busy machine takes to draw it. None below 0 is shown. */
async function waitForAge(page: TestPage, ageMs: () => number): Promise<void> {
  await waitForRow(page, 'Quiet', ({ text }) => {
    const [, count, unit = ''] = /(\d+) (s|min|h)$/.exec(text) ?? [];
    const unitMs = UNITS_MS[unit] ?? 1_000;
    const [earlyMs, lateMs] = [ageMs() - LATE_MS, ageMs() + LATE_MS];
    if (lateMs < 0) return text.endsWith(' now');
    if (count === undefined) return earlyMs < 1_000 && text.endsWith(' now');
    const shownMs = Number(count) * unitMs;
    return shownMs >= earlyMs - unitMs && shownMs <= lateMs;
  });
}

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
