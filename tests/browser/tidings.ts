/** Tidings in a real browser with the demo sources: what every browser test starts from. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Feed } from '../../utils/feeds/feed.ts';
import { DEVELOPMENT_DEFAULTS } from '../../utils/settings/defaults.ts';
import type { Settings } from '../../utils/settings/settings.ts';
import type { FeedBatch } from '../../utils/stream/protocol.ts';
import { type Demo, startDemo } from '../servers/demo.ts';
import { launchBrowser } from './driver/launch-browser.ts';
import type { BrowserName, LaunchOptions, TestBrowser, TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';

export const BROWSERS: readonly BrowserName[] = ['chromium', 'firefox'];

/** Builds that tests use: `test` tells the page what was applied, `development` is what people try out. */
export type Build = 'test' | 'development';

const BUILD_SUFFIX: Record<Build, string> = { test: 'test', development: 'dev' };

export const buildDir = (browser: BrowserName, build: Build): string =>
  resolve(`.output/${browser === 'chromium' ? 'chrome' : 'firefox'}-mv3-${BUILD_SUFFIX[build]}`);

export interface Tidings {
  browser: TestBrowser;
  demo: Demo;
  /** Opens a page of the demo; in the `test` build what is applied there is recorded from the start. */
  open(path?: string): Promise<TestPage>;
  /** What the browser reported as errors, without the defaults' sources, which nobody serves here. */
  errors(): Promise<string[]>;
  /** Replaces the settings, as an editor would. */
  configure(settings: Settings): Promise<void>;
  close(): Promise<void>;
}

/** The feeds of a new development install, at the address of this demo. */
export const demoSettings = ({ port }: Demo): Settings =>
  JSON.parse(JSON.stringify(DEVELOPMENT_DEFAULTS).replaceAll('localhost:4100', `localhost:${port}`)) as Settings;

/** An event feed of the numbers that the demo's events carry: what arrives is compared with the demo's own record. */
export const numbersFeed = ({ port }: Demo): Feed => ({
  id: 'numbers',
  name: 'Numbers',
  kind: 'event',
  source: {
    type: 'sse',
    address: `http://localhost:${port}/events`,
    event: null,
    consecutiveIds: true,
    silentAfterMs: 20_000,
  },
  path: '$.n',
  unit: '',
  paceMs: 1_000,
});

export async function startTidings(
  name: BrowserName,
  { build = 'test', ...launch }: { build?: Build } & Partial<LaunchOptions> = {},
): Promise<Tidings> {
  const extensionDir = buildDir(name, build);
  if (!existsSync(extensionDir)) throw new Error(`Cannot test "${extensionDir}": build it first, with npm test`);
  const demo = await startDemo({ port: 0 });
  const browser = await launchBrowser(name, { extensionDir, ...launch }).catch(async (error: unknown) => {
    await demo.close();
    throw error;
  });

  const configure = async (settings: Settings): Promise<void> => {
    const page = await browser.extension.openPage('popup.html');
    await page.evaluate(
      (json: string) => chrome.storage.local.set({ settings: JSON.parse(json) as Settings }),
      JSON.stringify(settings),
    );
    await page.close();
  };
  await configure(demoSettings(demo));

  return {
    browser,
    demo,
    configure,
    errors: async () => (await browser.errors()).filter((text) => !text.includes('localhost:4100')),
    async open(path = '/') {
      const page = await browser.open(`${demo.url}${path}`);
      await page.waitFor('the panel', () => document.querySelector('[data-tidings-panel]') !== null);
      return page;
    },
    async close() {
      await browser.close();
      await demo.close();
    },
  };
}

declare const chrome: { storage: { local: { set(items: object): Promise<void> } } };

/** What the row of a feed shows in the panel. */
export interface ShownRow {
  name: string;
  value: string;
  state: string;
  text: string;
}

/** The rows of the panel, top to bottom; none while there is no panel. What they show is generated content, for the page not to find it. */
export const shownRows = (page: TestPage): Promise<ShownRow[]> =>
  page
    .inShadow((root: ShadowRoot) =>
      [...root.querySelectorAll<HTMLElement>('.feed')].map((row) => {
        const text = (selector: string): string => row.querySelector<HTMLElement>(selector)?.dataset['text'] ?? '';
        const all = [...row.querySelectorAll<HTMLElement>('[data-text]:not([hidden])')].map(
          (part) => part.dataset['text'],
        );
        return { name: text('.name'), value: text('.value'), state: row.dataset['state'] ?? '', text: all.join(' ') };
      }),
    )
    .catch(() => []);

/** Waits until the row of a feed fits. */
export const waitForRow = (
  page: TestPage,
  name: string,
  fits: (row: ShownRow) => boolean,
  limitMs = 15_000,
): Promise<ShownRow> =>
  waitFor(
    `the row "${name}" to fit ${fits}`,
    async () => {
      const rows = await shownRows(page);
      const row = rows.find((one) => one.name === name);
      if (!row || !fits(row)) throw new Error(JSON.stringify(row ?? rows));
      return row;
    },
    { limitMs },
  );

/** Starts to record what is applied on this page from now on. In the `test` build only. */
export const recordApplied = (page: TestPage): Promise<void> =>
  page.evaluate(() => {
    const applied: unknown[] = [];
    Object.assign(window, { applied });
    document.addEventListener('tidings-applied', (event) => {
      applied.push(...(JSON.parse((event as CustomEvent<string>).detail) as unknown[]));
    });
  });

/** What was applied of one feed since {@link recordApplied}. */
export const appliedBatches = async (page: TestPage, feed: Feed['id']): Promise<FeedBatch[]> => {
  const all = await page.evaluate(() => (window as unknown as { applied: FeedBatch[] }).applied);
  return all.filter((batch) => batch.feed === feed);
};

/** The numbers applied of {@link numbersFeed}, in the order in which they were. */
export const appliedNumbers = async (page: TestPage): Promise<number[]> => {
  const batches = await appliedBatches(page, 'numbers');
  return batches.flatMap(({ updates }) => updates.map(({ value }) => Number(value)));
};

/** Waits until the page has applied all that the demo has sent. Returns what was applied. */
export const waitForAllNumbers = (page: TestPage, demo: Demo, limitMs = 10_000): Promise<number[]> =>
  waitFor(
    'everything the source sent',
    async () => {
      const numbers = await appliedNumbers(page);
      if (numbers.at(-1) !== demo.events.record.newest) {
        throw new Error(`applied up to ${numbers.at(-1)} of ${demo.events.record.newest}`);
      }
      return numbers;
    },
    { limitMs },
  );

/** All whole numbers from one to another. */
export const numbersFrom = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
