import type { Feed } from '../../utils/feeds/feed.ts';
import type { Settings } from '../../utils/settings/settings.ts';
import type { BrowserName, TestBrowser, TestPage } from '../browser/driver/test-browser.ts';
import { waitFor } from '../browser/driver/wait-for.ts';
import { numbersFeed } from '../browser/applied.ts';
import { waitForRow } from '../browser/panel.ts';
import { storeSettings } from '../browser/save-settings.ts';
import { openWithPanel } from '../browser/use-tidings.ts';
import { type Demo, startDemo } from '../servers/demo.ts';
import { createRandom, type Random } from '../soak/random.ts';
import { faultsSeed } from './faults-seed.ts';
import { streamsFeed } from './feeds.ts';
import type { Tally } from './tally.ts';
import { LIMIT_MS, type Moment, type WatchedPage, watchPage } from './watched-page.ts';

/** Tidings in a browser, with sources of its own: what a row breaks. */
export interface World {
  readonly name: BrowserName;
  readonly browser: TestBrowser;
  readonly demo: Demo;
  readonly tally: Tally;
  /** Chance, the same for the same {@link faultsSeed}, whichever rows run. */
  readonly random: Random;
  /** Replaces the feeds; all show on every page of localhost. At first there are the numbers and {@link streamsFeed}. */
  configure(...feeds: Feed[]): Promise<void>;
  /** Opens a page with a panel. It is closed with the world. */
  open(path?: string): Promise<TestPage>;
  /** Opens one of the extension's own pages. */
  openExtensionPage(path: string): Promise<TestPage>;
  /** A page on which the source's numbers arrive, at 50 a second unless told otherwise. */
  watch(options?: { perSecond?: number; path?: string }): Promise<WatchedPage>;
  /** Now. */
  moment(): Moment;
  /** Waits until the source has told `count` more. */
  told(count: number): Promise<void>;
  /** Stops the background. The moment before that. */
  kill(): Promise<Moment>;
  /** Waits until the page shows so many streams, its own among them. */
  streams(page: TestPage, count: number): Promise<void>;
  /** Quits the browser and launches it again on the same profile; its pages are gone. */
  restart(): Promise<void>;
  /** What browsers reported that were quit by {@link restart}. */
  readonly earlierErrors: readonly string[];
  close(): Promise<void>;
}

/** A running browser with a build in it. */
export interface Host {
  browser: TestBrowser;
  close(): Promise<void>;
}

const settingsOf = (feeds: Feed[]): Settings => ({
  version: 1,
  feeds,
  sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: null }],
});

/** Takes over a browser until it is closed; then the browser is there for the next. */
export async function createWorld(host: Host, tally: Tally): Promise<World> {
  const demo = await startDemo({ port: 0 });
  const { record } = demo.events;
  const pages: TestPage[] = [];
  const earlierErrors: string[] = [];
  const keep = (page: TestPage): TestPage => {
    pages.push(page);
    return page;
  };

  const world: World = {
    name: host.browser.name,
    get browser() {
      return host.browser;
    },
    demo,
    tally,
    random: createRandom(faultsSeed()),
    configure: (...feeds) => storeSettings(host.browser, settingsOf(feeds)),
    open: async (path = '/') => keep(await openWithPanel(host.browser, `${demo.url}${path}`)),
    openExtensionPage: async (path) => keep(await host.browser.extension.openPage(path)),
    async watch({ perSecond = 50, path } = {}) {
      const watched = await watchPage(await world.open(path), demo, tally);
      demo.control('events', { action: 'rate', perSecond });
      await waitFor('the first numbers', async () => {
        await watched.look();
        return watched.numbers.length > 0;
      });
      return watched;
    },
    moment: () => ({ at: Date.now(), newest: record.newest }),
    async told(count) {
      const aim = record.newest + count;
      await waitFor('the source to tell', () => record.newest >= aim, { everyMs: 2, limitMs: LIMIT_MS });
    },
    async kill() {
      const at = Date.now();
      await host.browser.extension.killBackground();
      return { at, newest: record.newest };
    },
    async streams(page, count) {
      await waitForRow(
        page,
        'Open streams',
        ({ state, value }) => state === 'live' && Number(value.replaceAll(',', '')) === count,
      );
    },
    earlierErrors,
    async restart() {
      earlierErrors.push(...(await host.browser.errors()));
      pages.length = 0;
      host.browser = await host.browser.restart();
    },
    async close() {
      // A tab that crashed, or that the browser took away, cannot be closed again.
      await Promise.allSettled(pages.map((page) => page.close()));
      await demo.close();
    },
  };
  try {
    await world.configure(numbersFeed(demo), streamsFeed);
  } catch (error) {
    await demo.close();
    throw error;
  }
  return world;
}
