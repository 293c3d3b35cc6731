import assert from 'node:assert/strict';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { openManyStreams, WITHOUT_DOCUMENTS } from '../many-streams.ts';
import { both, type FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';

const STREAMS = 200;
/** As the connection machine has it, in ms. */
const PROVEN_AFTER_MS = 1_000;
/** Over which the first retries are spread by chance, in ms: in the same moment they would all wait for each other. */
const LEAST_SPREAD_MS = 20;

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
    own: { isPatient: true },
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
      'subscribers of the product without panels in one page of the extension, in a copy of the build in which a document may have so many; the driver stops the background under all of them.',
    ),
    runs: { short: 1, long: 20 },
    own: { instruments: () => ({ background: WITHOUT_DOCUMENTS }) },
    recoversWithinMs: 5_000,
    async induce(world, runs) {
      const { events } = world.demo;
      const streams = await openManyStreams(world);
      const allLive = (): Promise<number[]> =>
        waitFor(
          `${STREAMS} live streams`,
          async () => {
            const times = await streams.liveTimes();
            assert.equal(times.length, STREAMS);
            return times;
          },
          { limitMs: 2 * LIMIT_MS },
        );
      await streams.open(STREAMS);
      await allLive();
      for (const _ of runs) {
        // A port that did not live so long counts as one that came to nothing, of which a page has few.
        const provenAt = Math.max(...(await streams.liveTimes())) + PROVEN_AFTER_MS;
        await waitFor('ports that have proved themselves', () => Date.now() > provenAt);
        const at = Date.now();
        await world.kill();
        await waitFor('all to have come back', async () => (await allLive()).every((time) => time >= at), {
          limitMs: 2 * LIMIT_MS,
        });
        const times = await streams.liveTimes();
        world.tally.recoveriesMs.push(Math.max(...times) - at);
        const spreadMs = Math.max(...times) - Math.min(...times);
        assert.ok(spreadMs >= LEAST_SPREAD_MS, `all came back within ${spreadMs} ms`);
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
