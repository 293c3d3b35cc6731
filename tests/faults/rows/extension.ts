import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestPage } from '../../browser/driver/test-browser.ts';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { waitForRow } from '../../browser/panel.ts';
import { EVERY_MS, WINDOW } from '../../../utils/stream/protocol.ts';
import { byScript, COUNT_TIMERS, dueTimers } from '../count-timers.ts';
import type { FaultRow } from '../row.ts';
import { addVerdict } from '../tally.ts';
import { holds, judge, numbersIn } from '../verdict.ts';
import { LIMIT_MS } from '../watched-page.ts';
import type { World } from '../world.ts';

/** Half a second of them: how far a document got is written at once when it acknowledges the first batch, then once a second. */
const EVENTS_BEFORE_RELOAD = 25;

/**
 * What the new script may show again, at 50 a second: how far the old one got is written once a second, what it
 * acknowledged of a full window comes 0.8 s after that, and a busy machine writes up to a second late.
 */
const MOST_AGAIN = 50 * (1 + (WINDOW * EVERY_MS.default) / 1_000 + 1);

/** [firefox] What it says itself of a script that ends while it waits for storage. */
const ENDED_WHILE_WAITING = /Promise resolved (after context unloaded|while context is inactive)/;

const SITE = 'http://localhost/*';

/** Rows of an extension that changes under its pages. */
export const EXTENSION_ROWS: FaultRow[] = [
  {
    number: 7,
    fault: 'extension reloaded or updated',
    holds: 'the old script leaves no timer, DOM, error or retry; the new one streams once',
    browsers: {
      chromium: {
        how: 'reloaded from chrome://extensions; the timers and frames of the old script are counted in its own world; what the new one shows again is bounded, and no "twice"',
      },
      firefox: {
        how: 'reloaded by the add-on manager; the old script is not asked for its timers, Firefox ends it; what the new one shows again is bounded, and no "twice"',
      },
    },
    runs: { short: 3, long: 100 },
    own: { instruments: () => ({ content: COUNT_TIMERS }) },
    mayReport: ENDED_WHILE_WAITING,
    async induce(world, runs) {
      const watched = await world.watch();
      const { page } = watched;
      for (const _ of runs) {
        await world.told(EVENTS_BEFORE_RELOAD);
        const { total } = world.demo.state.events.connections;
        const at = Date.now();
        await world.browser.extension.reload();
        await waitFor('a source opened anew', () => world.demo.state.events.connections.total > total, {
          limitMs: LIMIT_MS,
        });
        const { newest } = world.moment();
        await waitFor(
          'the new script to stream',
          async () => {
            await watched.look();
            return (numbersIn(byScript(watched.batches)[1] ?? []).at(-1) ?? 0) > newest;
          },
          { limitMs: LIMIT_MS },
        );
        await world.streams(page, 1);
        const scripts = byScript(watched.take());
        assert.equal(scripts.length, 2, 'scripts, the old one and the new');
        for (const batches of scripts) {
          const verdict = judge(batches, numbersIn(batches).at(-1) ?? 0);
          addVerdict(world.tally, verdict);
          assert.ok(holds(verdict), JSON.stringify(verdict));
        }
        // It begins where the old one was known to be, or a little before.
        const [old, fresh] = scripts.map(numbersIn);
        const between = (fresh?.[0] ?? Infinity) - (old?.at(-1) ?? 0) - 1;
        assert.ok(between <= 0, `${between} were lost between the scripts`);
        assert.ok(
          -between <= MOST_AGAIN,
          `${-between} were shown again by the new script, at most ${MOST_AGAIN} may be`,
        );
        world.tally.recoveriesMs.push((scripts[1]?.[0]?.appliedAt ?? Infinity) - at);
        assert.equal(await page.evaluate(() => document.querySelectorAll('[data-tidings-panel]').length), 1, 'panels');
        if (world.name === 'chromium') {
          const ofOldScripts = (await dueTimers(page)).slice(0, -1);
          assert.ok(
            ofOldScripts.every((due) => due === 0),
            `timers of old scripts: ${ofOldScripts}`,
          );
        }
      }
      await watched.settle();
    },
  },
  {
    number: 8,
    fault: 'extension disabled or removed',
    holds: 'the page is as it was',
    browsers: {
      chromium: { how: 'disabled on chrome://extensions, at last uninstalled; document, picture and timers as before' },
      firefox: {
        how: "disabled by the add-on manager, at last uninstalled; picture as before, and document but for the panel's element, which stays in it, hidden",
      },
    },
    runs: { short: 1, long: 20 },
    own: { instruments: () => ({ content: COUNT_TIMERS }) },
    mayReport: ENDED_WHILE_WAITING,
    async induce(world, runs) {
      const { extension } = world.browser;
      await extension.disable();
      const plain = await world.browser.open(`${world.demo.url}/away`);
      const before = await looksOf(world, plain);
      await extension.enable();
      await scriptsRun(world);
      const isAsBefore = async (page: TestPage): Promise<void> => {
        await waitFor('the source to be closed', () => world.demo.state.events.connections.now === 0);
        await waitFor(
          'the page as it was',
          async () => {
            assert.deepEqual(await looksOf(world, page), before);
            if (world.name === 'chromium') assert.deepEqual(await dueTimers(page), [0]);
            return true;
          },
          { limitMs: LIMIT_MS },
        );
      };
      for (const _ of runs) {
        const watched = await world.watch({ path: '/away' });
        await extension.disable();
        await isAsBefore(watched.page);
        await watched.page.close();
        await extension.enable();
        await scriptsRun(world);
      }
      const watched = await world.watch({ path: '/away' });
      await extension.uninstall();
      await isAsBefore(watched.page);
      await plain.close();
    },
  },
  {
    number: 26,
    fault: 'host permission revoked while streaming',
    holds: 'ends within 1 s; granting it again resumes',
    browsers: {
      chromium: { how: 'taken away and given back on chrome://extensions' },
      firefox: { how: "taken away and given back as by the browser's own settings" },
    },
    runs: { short: 2, long: 20 },
    async induce(world, runs) {
      const watched = await world.watch();
      const { page } = watched;
      const { extension } = world.browser;
      for (const _ of runs) {
        const at = Date.now();
        await extension.revokeOrigin(SITE);
        await page.waitFor('the end of the panel', () => document.querySelector('[data-tidings-panel]') === null);
        await watched.look();
        const last = watched.batches.at(-1)?.appliedAt ?? 0;
        assert.ok(last - at <= 1_000, `the last update came ${last - at} ms after`);
        watched.judgeSoFar();
        await world.told(10);
        await watched.look();
        assert.equal(watched.batches.length, 0, 'batches without permission');
        const moment = world.moment();
        await extension.grantOrigin(SITE);
        await watched.goesOn(moment);
        await waitForRow(page, 'Numbers', ({ state }) => state === 'live');
      }
      await watched.settle();
    },
  },
];

/** Waits until pages get the script of an extension that was enabled just now. */
async function scriptsRun({ browser, demo }: World): Promise<void> {
  const page = await browser.open(`${demo.url}/away`);
  await waitFor(
    'a page with a panel',
    async () => {
      await page.reload();
      return page.evaluate(() => document.querySelector('[data-tidings-panel]') !== null);
    },
    { limitMs: LIMIT_MS },
  );
  await page.close();
}

/** A page as a person sees it, and as its own scripts do: in Firefox without the element of the panel. */
async function looksOf({ name }: World, page: TestPage): Promise<{ picture: string; html: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-picture-'));
  try {
    const file = join(folder, 'page.png');
    await page.bringToFront();
    await page.screenshot(file);
    const picture = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return { picture, html: await page.evaluate(htmlOf, name === 'firefox') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs in the page. */
function htmlOf(isWithoutPanel: boolean): string {
  const copy = document.documentElement.cloneNode(true) as HTMLElement;
  delete copy.dataset['timers'];
  if (isWithoutPanel) copy.querySelector('[data-tidings-panel]')?.remove();
  return copy.outerHTML;
}
