import assert from 'node:assert/strict';
import type { TestPage } from '../../browser/driver/test-browser.ts';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { openRawPage } from '../raw-ports.ts';
import { both, type FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';

const FIRST_STREAMS = 40;
const ALL_STREAMS = 200;

/** Rows of popups and side panels. */
export const EXTENSION_PAGE_ROWS: FaultRow[] = [
  {
    number: 33,
    fault: 'popup closed while streaming; side panel opened again',
    holds: 'source closes after its linger; transcript intact',
    browsers: {
      chromium: { how: 'the real popup; the side panel as a tab' },
      firefox: { how: 'both as tabs: the driver cannot click the toolbar of Firefox' },
    },
    runs: { short: 1, long: 20 },
    async induce(world, runs) {
      const { events } = world.demo;
      // A popup opens over a tab, and no site may be in front: it would watch too.
      const blank = await world.browser.open('about:blank');
      for (const run of runs) {
        const said = `run ${run}`;
        const popup = await world.browser.extension.openPopup();
        await popup.waitFor(
          'the stream',
          () => document.querySelector('.values')?.getAttribute('data-stream') === 'live',
        );
        await waitFor('the source', () => events.state.connections.now === 1, { limitMs: LIMIT_MS });
        await popup.click('.connect');
        await popup.waitFor('the connection', isConnected);
        await popup.type(said);
        await popup.press('Enter');
        await popup.waitFor('the answer', hasAnswer, { args: [said] });
        await popup.close();
        await waitFor('the source to be closed', () => events.state.connections.now === 0, { limitMs: LIMIT_MS });
        for (const _ of [1, 2]) {
          const sidePanel = await world.openExtensionPage('sidepanel.html');
          await sidePanel.click('.connect');
          await sidePanel.waitFor('the transcript', hasAnswer, { args: [said] });
          await sidePanel.close();
        }
      }
      await blank.close();
    },
  },
  {
    number: 34,
    fault: '200 streams come back at once',
    holds: 'one source connection; spread in time; all live within 5 s',
    browsers: both(
      'popups in frames of a page of the extension, in a copy of the build that allows frames: 40 in the first run, which is all of the short form, and 200 in all others, of which the times are; the driver stops the background under all of them',
    ),
    runs: { short: 1, long: 6 },
    own: { instruments: () => ({ frames: true }) },
    recoversWithinMs: 5_000,
    async induce(world, runs) {
      const { events } = world.demo;
      const page = await openRawPage(world);
      for (const run of runs) {
        const count = run === 0 ? FIRST_STREAMS : ALL_STREAMS;
        if (run === 0) await addPopups(page, FIRST_STREAMS);
        if (run === 1) await addPopups(page, ALL_STREAMS - FIRST_STREAMS);
        await allLive(page, count);
        const at = Date.now();
        await world.kill();
        await waitFor('the page to notice', async () => (await liveStreams(page)).length < count, { everyMs: 5 });
        await allLive(page, count);
        const times = await liveStreams(page);
        if (count === ALL_STREAMS) world.tally.recoveriesMs.push(Math.max(...times) - at);
        assert.ok(new Set(times.map((time) => Math.floor(time / 5))).size > 1, 'moments at which they came back');
        assert.equal(events.state.connections.now, 1, 'connections to the source');
      }
    },
  },
];

/** Runs in the page. */
const isConnected = (): boolean => document.querySelector<HTMLInputElement>('#conversation-text')?.disabled === false;

/** Runs in the page. */
const hasAnswer = (said: string): boolean =>
  [...document.querySelectorAll('.entry .text')].some(
    ({ textContent }) => textContent === `Background received: "${said}"`,
  );

const allLive = (page: TestPage, count: number): Promise<unknown> =>
  waitFor(
    `${count} live streams`,
    async () => {
      assert.equal((await liveStreams(page)).length, count);
      return true;
    },
    { limitMs: 2 * LIMIT_MS },
  );

/** Adds popups, each with a note of when its stream was last live. */
const addPopups = (page: TestPage, count: number): Promise<void> =>
  page.evaluate(async (wanted: number) => {
    const frames = Array.from({ length: wanted }, async () => {
      const frame = document.createElement('iframe');
      frame.src = '/popup.html';
      const loaded = new Promise((resolve) => {
        frame.addEventListener('load', resolve);
      });
      document.body.append(frame);
      await loaded;
      const { contentDocument } = frame;
      if (!contentDocument) throw new Error('Cannot follow the stream of a popup: it has no document');
      const note = (): void => {
        const isLive = contentDocument.querySelector('.values')?.getAttribute('data-stream') === 'live';
        if (isLive) frame.dataset['liveAt'] ??= String(Date.now());
        else delete frame.dataset['liveAt'];
      };
      new MutationObserver(note).observe(contentDocument, {
        attributeFilter: ['data-stream'],
        childList: true,
        subtree: true,
      });
      note();
    });
    await Promise.all(frames);
  }, count);

/** When the streams that are live now came back, epoch ms. */
const liveStreams = (page: TestPage): Promise<number[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('iframe')].flatMap(({ dataset }) =>
      dataset['liveAt'] === undefined ? [] : [Number(dataset['liveAt'])],
    ),
  );
