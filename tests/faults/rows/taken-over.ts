import assert from 'node:assert/strict';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { both, type FaultRow } from '../row.ts';
import { portsTaken, TAKE_PORTS, takePorts } from '../take-ports.ts';
import { LIMIT_MS } from '../watched-page.ts';

/** More than the background takes in all. */
const PORTS = 2_500;
/** What a document may have. */
const MOST = 4;

/** The row of a page whose content script does what somebody else wants. */
export const TAKEN_OVER_ROWS: FaultRow[] = [
  {
    number: 37,
    fault: 'content script that opens 2500 ports and says nothing on them',
    holds: 'it has 4 at most, none after 10 s; other pages and the popup stream',
    browsers: both(
      'code beside the content script, in a copy of the build, opens the ports when the test tells it to; another page streams, and a page and a popup are opened while it holds what it got',
    ),
    runs: { short: 1, long: 20 },
    own: { instruments: () => ({ content: TAKE_PORTS }) },
    async induce(world, runs) {
      const watched = await world.watch();
      const taken = await world.open();
      for (const _ of runs) {
        const before = world.moment();
        await takePorts(taken, PORTS);
        await waitFor(
          'the ports beyond the limit to be closed',
          async () => {
            const count = await portsTaken(taken);
            // Its panel has one.
            assert.ok(count < MOST, `${count} ports are open`);
            return true;
          },
          { limitMs: LIMIT_MS },
        );
        await watched.page.bringToFront();
        await watched.goesOn(before);
        const popup = await world.openExtensionPage('popup.html');
        await waitFor('the popup to stream', () =>
          popup.evaluate(() => document.querySelector<HTMLElement>('.values')?.dataset['stream'] === 'live'),
        );
        await popup.close();
        const page = await world.open();
        await world.streams(page, 1);
        await page.close();
        await waitFor('the silent ports to be closed', async () => (await portsTaken(taken)) === 0, {
          limitMs: LIMIT_MS,
        });
      }
      await watched.page.bringToFront();
      await watched.settle();
    },
  },
];
