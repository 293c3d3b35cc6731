import assert from 'node:assert/strict';
import { kill } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Feed } from '../../../utils/feeds/feed.ts';
import type { TestPage } from '../../browser/driver/test-browser.ts';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { waitForRow } from '../../browser/panel.ts';
import type { Demo } from '../../servers/demo.ts';
import { openDetails, waitForReason } from '../details.ts';
import { newestFeed, socketFeed, streamsFeed } from '../feeds.ts';
import { both, type FaultRow } from '../row.ts';
import { addVerdict } from '../tally.ts';
import { holds, judge, numbersIn } from '../verdict.ts';
import { LIMIT_MS, type WatchedPage } from '../watched-page.ts';
import type { World } from '../world.ts';

const HOUR_MS = 3_600_000;
const SLEEP_MS = 3_000;
/** How far the shown age may be from the age, in ms: a panel draws each second. */
const LATE_MS = 2_000;
const NOT_KEPT = 'Updates are not kept over a restart';

/** Instrument of both ends: a clock that the test can set. Only \`Date.now\` is asked for the time. */
const CLOCK = `{
  const now = Date.now.bind(Date);
  globalThis.clockJump = 0;
  Date.now = () => now() + globalThis.clockJump;
  globalThis.document?.addEventListener('test-clock', ({ detail }) => { globalThis.clockJump = Number(detail); });
}`;

/** Instrument of the background: a disk on which nothing can be written, and storage that refuses. What the test sets up is kept. */
const NO_STORAGE = `{
  const refuse = () => Promise.reject(new DOMException('on purpose', 'QuotaExceededError'));
  const { storage } = globalThis.browser?.storage ? globalThis.browser : globalThis.chrome;
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...args) {
    if (args[0] === 'tidings-settings') return open.apply(this, args);
    throw new DOMException('on purpose', 'QuotaExceededError');
  };
  for (const area of [storage.session, storage.local]) Object.defineProperty(area, 'set', { value: refuse });
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
      let kills = 0;
      for (const _ of runs) {
        await watched.goesOn(world.moment());
        await watched.page.hide();
        await world.told(20);
        const moment = world.moment();
        await watched.page.bringToFront();
        await watched.goesOn(moment);
        await waitForReason(watched.page, 'Numbers', 'live', NOT_KEPT);
        // What a worker without a disk knows ends with it: the next one begins another history.
        await watched.goesOn(await world.kill());
        kills += 1;
        await waitForRow(
          watched.page,
          'Numbers',
          ({ state, text }) =>
            state === 'live' && text.includes(NOT_KEPT) && text.endsWith(`History restarted: ${kills}`),
          LIMIT_MS,
        );
      }
      world.demo.control('events', { action: 'rate', perSecond: 0 });
      await watched.catchesUp();
      judgeHistories(watched, world, kills + 1);
    },
  },
];

/** Compares each history by itself, all that was applied of it, with the record; what came between two was not kept. */
function judgeHistories(watched: WatchedPage, { tally }: World, count: number): void {
  const taken = watched.take().filter(({ feed }) => feed === 'numbers');
  const histories = Map.groupBy(taken, ({ epoch }) => epoch);
  assert.equal(histories.size, count, 'histories: one for each background');
  for (const history of histories.values()) {
    const verdict = judge(history, numbersIn(history).at(-1) ?? 0);
    addVerdict(tally, verdict);
    assert.ok(holds(verdict), `a history against the source's record: ${JSON.stringify(verdict)}`);
  }
  const epochs = taken.map(({ epoch }) => epoch);
  const changes = epochs.filter((epoch, index) => index > 0 && epoch !== epochs[index - 1]).length;
  assert.equal(changes, count - 1, 'changes of the history: none comes back');
}

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
