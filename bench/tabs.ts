import type { TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';
import type { Demo } from '../tests/servers/demo.ts';
import { configure, eventsFeed, socketFeed, untilLive } from './configure.ts';

/** One way in which tabs are kept up to date, or not. */
export interface Tabs {
  name: string;
  kind: 'none' | 'tidings' | 'contender';
  /** The page's address; the extension it is opened with acts on it. */
  path: string;
  extensionDir: string;
  prepare(browser: TestBrowser, demo: Demo): Promise<void>;
  /** Resolves when the tab receives. */
  ready(page: TestPage): Promise<unknown>;
  /** How many updates the tab has received; `null` where nothing does. */
  received: ((page: TestPage) => Promise<number>) | null;
}

const countReceived = (page: TestPage): Promise<number> =>
  page.evaluate(() => Number(document.documentElement.dataset['received'] ?? 0));

/** All that are measured. `measuring` and `product`: folders of the two extensions. */
export const createTabs = (measuring: string, product: string): Tabs[] => {
  const without: Tabs = {
    name: 'no extension',
    kind: 'none',
    path: '/away',
    extensionDir: measuring,
    prepare: (browser) => browser.extension.uninstall(),
    ready: async () => {},
    received: null,
  };
  const counting = {
    kind: 'contender' as const,
    extensionDir: measuring,
    prepare: async () => {},
    ready: (page: TestPage) => waitFor('updates', () => countReceived(page)),
    received: countReceived,
  };
  return [
    without,
    { ...without, name: 'no extension, a second browser' },
    {
      name: 'Tidings',
      kind: 'tidings',
      path: '/away',
      extensionDir: product,
      prepare: (browser, demo) => configure(browser, [socketFeed(demo, '$.running'), eventsFeed(demo)]),
      ready: (page) => untilLive(page, 2),
      received: null,
    },
    { ...counting, name: 'raw port, an interval each', path: '/away?interval' },
    { ...counting, name: 'sendMessage polling, every 100 ms', path: '/away?polling' },
  ];
};
