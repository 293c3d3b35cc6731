import assert from 'node:assert/strict';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { openRawPage } from '../raw-ports.ts';
import type { FaultRow } from '../row.ts';
import { LIMIT_MS } from '../watched-page.ts';
import type { World } from '../world.ts';

interface Tab {
  id: number;
  discarded?: boolean;
  url?: string;
}
interface TabsApi {
  tabs: {
    query(filter: object): Promise<Tab[]>;
    discard(id: number): Promise<unknown>;
    update(id: number, change: { active: boolean }): Promise<unknown>;
  };
}

/** Rows of tabs and browsers that end. */
export const TAB_ROWS: FaultRow[] = [
  {
    number: 30,
    fault: 'tab crash, tab discard',
    holds: 'no producer left behind',
    browsers: {
      chromium: { how: 'Page.crash; tabs.discard from a page of the extension, then the tab is shown again' },
      firefox: {
        how: 'the content process is killed; tabs.discard from a page of the extension, then the tab is shown again',
      },
    },
    runs: { short: 1, long: 10 },
    async induce(world, runs) {
      const sourceIsClosed = (): Promise<boolean> =>
        waitFor('the source to be closed', () => world.demo.state.events.connections.now === 0, { limitMs: LIMIT_MS });
      for (const _ of runs) {
        const crashing = await world.watch();
        await crashing.look();
        crashing.judgeSoFar();
        await crashing.page.crash();
        await sourceIsClosed();
        await crashing.page.close().catch(() => undefined);

        const discarded = await world.watch();
        const url = `${world.demo.url}/`;
        await discarded.page.evaluate(() => void Object.assign(window, { isBeforeDiscard: true }));
        assert.equal(await discardAndShow(world, url), true, 'the browser calls the tab discarded');
        const page = await world.browser.find(url);
        await page.waitFor(
          'the panel in another document',
          () => !('isBeforeDiscard' in window) && document.querySelector('[data-tidings-panel]') !== null,
        );
        await world.streams(page, 1);
        await page.close();
        await discarded.page.close().catch(() => undefined);
        await sourceIsClosed();
      }
    },
  },
  {
    number: 31,
    fault: 'browser restarted',
    holds: 'feeds and sites kept; streams start again',
    browsers: {
      chromium: { how: 'quit and launched again on the same profile' },
      firefox: {
        how: 'quit and launched again on the same profile; the extension is one of the session, so that it is installed again and told to keep its storage',
      },
    },
    runs: { short: 1, long: 10 },
    own: {},
    async induce(world, runs) {
      for (const _ of runs) {
        const watched = await world.watch();
        await world.told(20);
        await watched.look();
        watched.judgeSoFar();
        const moment = world.moment();
        await world.restart();
        const again = await world.watch();
        await again.goesOn(moment);
        await world.streams(again.page, 1);
        assert.ok(world.demo.state.events.lastEventId, 'the source was asked to go on from where it was');
        await again.settle();
        await again.page.close();
      }
    },
  },
];

/** Another tab in front, the tab of this address discarded, and shown again. Returns whether it was discarded between. */
async function discardAndShow(world: World, url: string): Promise<boolean> {
  const raw = await openRawPage(world);
  const isDiscarded = await raw.evaluate(async (wanted: string) => {
    const scope = globalThis as unknown as { browser?: TabsApi; chrome: TabsApi };
    const { tabs } = scope.browser ?? scope.chrome;
    // [chrome] A discard changes the id.
    const find = async (): Promise<Tab | undefined> => (await tabs.query({})).find((tab) => tab.url === wanted);
    await tabs.discard((await find())?.id ?? -1);
    const tab = await find();
    await tabs.update(tab?.id ?? -1, { active: true });
    return tab?.discarded === true;
  }, url);
  await raw.close();
  return isDiscarded;
}
