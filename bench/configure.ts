import type { TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';
import { storeSettings } from '../tests/browser/save-settings.ts';
import type { Demo } from '../tests/servers/demo.ts';
import type { Feed } from '../utils/feeds/feed.ts';
import type { Settings } from '../utils/settings/settings.ts';

/** A state feed of the demo's WebSocket; `path` leads to its value. */
export const socketFeed = ({ port }: Demo, path: string, silentAfterMs = 20_000): Feed => ({
  id: 'socket',
  name: 'Running builds',
  kind: 'state',
  source: {
    type: 'websocket',
    address: `ws://localhost:${port}/socket`,
    onConnect: [],
    format: 'json',
    silentAfterMs,
  },
  path,
  unit: 'builds',
  paceMs: 1_000,
});

/** An event feed of the demo's event stream. */
export const eventsFeed = ({ port }: Demo): Feed => ({
  id: 'events',
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
});

/** Sets the product up to show these feeds on every page of the demo. */
export async function configure(browser: TestBrowser, feeds: Feed[]): Promise<void> {
  const settings: Settings = {
    version: 1,
    feeds,
    sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: null }],
  };
  await storeSettings(browser, settings);
}

/** Runs in the panel's shadow roots. */
const countLive = (roots: ShadowRoot[]): number =>
  roots.flatMap((root) => [...root.querySelectorAll('.feed[data-state="live"]')]).length;

/** Resolves when the panel of a page has so many feeds, all of them live. */
export const untilLive = (page: TestPage, feeds: number): Promise<unknown> =>
  waitFor('live values', async () => (await page.inShadows(countLive)) === feeds, { limitMs: 20_000 });
