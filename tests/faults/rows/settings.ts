import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { shownRows, waitForRow } from '../../browser/panel.ts';
import { depthFeed, streamsFeed } from '../feeds.ts';
import { both, type FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';

/** Three times the pace of the feed that is removed, and more. */
const QUIET_MS = 3_500;

/** Rows of what a person changes. */
export const SETTINGS_ROWS: FaultRow[] = [
  {
    number: 27,
    fault: 'feed edited or removed while streaming',
    holds: 'viewers are told; no orphan producer',
    browsers: both('other settings are stored, as by an editor, while the page streams'),
    runs: { short: 2, long: 20 },
    own: { isPatient: true },
    async induce(world, runs) {
      const { demo } = world;
      const numbers = numbersFeed(demo);
      const watched = await world.watch();
      const { page } = watched;
      const namesShown = async (...names: string[]): Promise<void> => {
        await waitFor(
          'the rows',
          async () => {
            assert.deepEqual(
              (await shownRows(page)).map(({ name }) => name),
              names,
            );
            return true;
          },
          { limitMs: LIMIT_MS },
        );
      };
      // 1.2 s: a page counts its connects of a minute, but for those that proved themselves by a second of life.
      const proven = (): Promise<void> => world.told(60);
      for (const _ of runs) {
        await proven();
        const edited = world.moment();
        await world.configure({ ...numbers, name: 'Renamed', unit: 'n' }, streamsFeed);
        await page.bringToFront();
        await namesShown('Renamed', 'Open streams');
        await watched.goesOn(edited);
        await proven();
        await world.configure(depthFeed(demo), streamsFeed);
        await page.bringToFront();
        await namesShown('Depth', 'Open streams');
        await waitFor('the source of the removed feed to be closed', () => demo.state.events.connections.now === 0);
        await waitForRow(page, 'Depth', ({ state }) => state === 'live');
        const { requests: asked } = demo.state.json;
        await waitFor('the depth to be asked for again and again', () => demo.state.json.requests > asked + 1, {
          limitMs: LIMIT_MS,
        });
        assert.equal(demo.state.events.connections.now, 0, 'connections to the source of the removed feed');
        await world.streams(page, 1);
        await watched.look();
        watched.judgeSoFar();
        await proven();
        const back = world.moment();
        await world.configure(numbers, streamsFeed);
        await page.bringToFront();
        await namesShown('Numbers', 'Open streams');
        await watched.goesOn(back);
        await waitFor('the last answer for the removed feed', () => demo.state.json.connections.now === 0);
        const { requests } = demo.state.json;
        await delay(QUIET_MS);
        assert.equal(demo.state.json.requests, requests, 'requests for the removed feed');
      }
      await watched.settle();
    },
  },
];
