import type { TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';
import type { Demo } from '../tests/servers/demo.ts';
import type { Settings } from '../utils/settings/settings.ts';

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

declare const chrome: { storage: { local: { set(items: object): Promise<void> } } };

/** Two feeds that change ten times a second, a state and an event feed, on every page of the demo. */
const settingsFor = ({ port }: Demo): Settings => ({
  version: 1,
  feeds: [
    {
      id: 'running-builds',
      name: 'Running builds',
      kind: 'state',
      source: {
        type: 'websocket',
        address: `ws://localhost:${port}/socket`,
        onConnect: [],
        format: 'json',
        silentAfterMs: 20_000,
      },
      path: '$.running',
      unit: 'builds',
      paceMs: 1_000,
    },
    {
      id: 'build-log',
      name: 'Build log',
      kind: 'event',
      source: {
        type: 'sse',
        address: `http://localhost:${port}/events`,
        event: null,
        consecutiveIds: true,
        silentAfterMs: 20_000,
      },
      path: '$.line',
      unit: '',
      paceMs: 1_000,
    },
  ],
  sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: null }],
});

async function configure(browser: TestBrowser, demo: Demo): Promise<void> {
  const page = await browser.extension.openPage('popup.html');
  const json = JSON.stringify(settingsFor(demo));
  await page.evaluate((text) => chrome.storage.local.set({ settings: JSON.parse(text) as Settings }), json);
  await page.close();
}

/** Runs in the panel's shadow root. */
const hasValues = (root: ShadowRoot): boolean => {
  const rows = [...root.querySelectorAll('.feed')];
  return rows.length === 2 && rows.every((row) => row.getAttribute('data-state') === 'live');
};

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
      prepare: configure,
      ready: (page) => waitFor('live values', () => page.inShadow(hasValues), { limitMs: 20_000 }),
      received: null,
    },
    { ...counting, name: 'raw port, an interval each', path: '/away?interval' },
    { ...counting, name: 'sendMessage polling, every 100 ms', path: '/away?polling' },
  ];
};
