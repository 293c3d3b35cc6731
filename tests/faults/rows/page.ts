import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createMemoryReader } from '../../../bench/memory.ts';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { waitForRow } from '../../browser/panel.ts';
import { WINDOW } from '../../../utils/stream/protocol.ts';
import { newestFeed } from '../feeds.ts';
import { both, type FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';

const BLOCKED_MS = 5_000;
/** How long before the end of the block the memory is read, in ms. */
const READ_BEFORE_MS = 250;
/** What may wait for a blocked page, in bytes: the credit is for 2 MiB. On a raw port it is 12 MiB, see docs/BENCHMARKS.md. */
const WAITING_LIMIT_BYTES = 4 * 1024 * 1024;

/** Rows of pages that are slow, full of frames, hostile or closed. */
export const PAGE_ROWS: FaultRow[] = [
  {
    number: 22,
    fault: 'page blocked for 5 s under 2000 updates a second',
    holds: 'credit holds; memory bounded; newest value within 200 ms of the thaw',
    browsers: {
      chromium: {
        how: "a script of the page that does not return for 5 s; memory of the pages' processes near its end, where what waits is not yet taken",
      },
      firefox: {
        how: 'a script of the page that does not return for 5 s; the memory is not looked at, as Firefox does not tell which of its processes has the page: only how many batches had piled up',
      },
    },
    runs: { short: 1, long: 20 },
    recoversWithinMs: 200,
    async induce(world, runs) {
      const { demo } = world;
      await world.configure(numbersFeed(demo), newestFeed(demo));
      const watched = await world.watch();
      const { page } = watched;
      for (const _ of runs) {
        demo.control('events', { action: 'rate', perSecond: 0 });
        await watched.catchesUp();
        // A collection, so that none comes meanwhile and makes up for what waits.
        if (world.name === 'chromium') await page.heapBytes();
        demo.control('events', { action: 'rate', perSecond: 2_000 });
        await world.told(2_000);
        const readMemory = createMemoryReader(world.browser.pid);
        const before = readMemory().pages;
        const blocking = page.evaluate((ms: number) => {
          const from = Date.now();
          const until = performance.now() + ms;
          while (performance.now() < until);
          return { from, until: Date.now() };
        }, BLOCKED_MS);
        await delay(BLOCKED_MS - READ_BEFORE_MS);
        const waiting = readMemory().pages - before;
        const block = await blocking;
        const atThaw = demo.events.record.newest;
        await waitFor(
          'the newest value',
          async () => {
            await watched.look();
            return Number(watched.batches.findLast(({ feed }) => feed === 'newest')?.updates.at(-1)?.value) >= atThaw;
          },
          { limitMs: LIMIT_MS },
        );
        const states = watched.batches.filter(({ feed, appliedAt }) => feed === 'newest' && appliedAt >= block.until);
        const newest = states.findIndex(({ updates }) => Number(updates.at(-1)?.value) >= atThaw);
        world.tally.recoveriesMs.push((states[newest]?.appliedAt ?? Infinity) - block.until);
        // What the credit let through while the page was blocked, and what was under way when it went on.
        const old = states.filter(({ updates }) => (updates.at(-1)?.at ?? 0) < block.until - 1_000);
        assert.ok(old.length <= WINDOW, `${old.length} batches had piled up`);
        await watched.settle();
        if (world.name !== 'chromium') continue;
        assert.ok(before > 0, 'there is a process with pages');
        assert.ok(waiting < WAITING_LIMIT_BYTES, `the blocked page grew by ${waiting} bytes`);
      }
    },
  },
  {
    number: 28,
    fault: 'iframe added and removed, 20 frames',
    holds: 'top frame only; ports return to the count before',
    browsers: both('20 frames of the same origin, which is a site, added to the page and removed'),
    runs: { short: 2, long: 20 },
    async induce(world, runs) {
      const watched = await world.watch({ path: '/frames' });
      const { page } = watched;
      for (const _ of runs) {
        await page.evaluate(async () => {
          const frames = Array.from({ length: 20 }, () => {
            const frame = document.createElement('iframe');
            frame.src = '/away';
            return frame;
          });
          const loaded = frames.map(
            (frame) =>
              new Promise((resolve) => {
                frame.addEventListener('load', resolve);
              }),
          );
          document.body.append(...frames);
          await Promise.all(loaded);
        });
        await world.told(25);
        const panels = await page.evaluate(() =>
          [...document.querySelectorAll('iframe')].map(
            ({ contentDocument }) => contentDocument?.querySelectorAll('[data-tidings-panel]').length,
          ),
        );
        assert.deepEqual(new Set(panels), new Set([0]), 'panels in frames');
        assert.ok(panels.length >= 20, 'frames');
        await world.streams(page, 1);
        await page.evaluate(() => document.querySelectorAll('iframe').forEach((frame) => frame.remove()));
        const moment = world.moment();
        await watched.goesOn(moment);
        await world.streams(page, 1);
      }
      await watched.settle();
    },
  },
  {
    number: 29,
    fault: 'hostile page: forged events, removed panel, fake messages, guessed names',
    holds: "no feed value in the page's reach; stream lives or stops cleanly",
    browsers: both(
      'a script of the page that dispatches, posts, removes and searches the markup, the texts and the styles; tests/browser/hostile-page.test.ts has the whole list',
    ),
    runs: { short: 1, long: 20 },
    async induce(world, runs) {
      const watched = await world.watch();
      const { page } = watched;
      for (const _ of runs) {
        await page.evaluate(() => {
          for (const type of ['pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange', 'prerenderingchange']) {
            for (const target of [window, document]) target.dispatchEvent(new Event(type, { bubbles: true }));
          }
          for (const type of ['START_UPDATES', 'STOP_UPDATES', 'CLOSE', 'wxt:content-script-started', 'tidings-stop']) {
            window.postMessage(
              { type, contentScriptName: 'updates', reason: 'not-allowed', retry: false, afterMs: 0 },
              '*',
            );
            document.dispatchEvent(new CustomEvent(type, { detail: { type } }));
          }
        });
        await world.told(5);
        await watched.goesOn(world.moment());
        const found = await page.evaluate(() => {
          const host = document.querySelector<HTMLElement>('[data-tidings-panel]');
          const names = ['tidings', 'updates', '__tidings', 'browser', 'wxt'].filter((name) => name in window);
          const { runtime } = (window as { chrome?: { runtime?: object } }).chrome ?? {};
          return {
            root: host?.shadowRoot,
            text: host?.textContent,
            byFind: (window as unknown as { find(text: string): boolean }).find('Numbers'),
            names,
            runtime: runtime === undefined,
          };
        });
        assert.deepEqual(found, { root: null, text: '', byFind: false, names: [], runtime: true });
        await page.evaluate(() => document.querySelector('[data-tidings-panel]')?.remove());
        await page.waitFor('the panel again', () => document.querySelector('[data-tidings-panel]') !== null);
        await waitForRow(page, 'Numbers', ({ state }) => state === 'live');
        watched.judgeSoFar();
        // Each document may have the panel back three times a minute.
        await page.reload();
        await page.waitFor('the panel', () => document.querySelector('[data-tidings-panel]') !== null);
        await watched.reloaded();
      }
      await watched.look();
      watched.judgeSoFar();
      // A page that insists wins: the panel stays away, and the stream is quiet.
      await waitFor('the panel to stay away', async () => {
        await page.evaluate(() => document.querySelector('[data-tidings-panel]')?.remove());
        return page.evaluate(() => document.querySelector('[data-tidings-panel]') === null);
      });
      await waitFor('the source to be closed', () => world.demo.state.events.connections.now === 0, {
        limitMs: LIMIT_MS,
      });
    },
  },
];
