/** Documents that are no ordinary pages: which of them have a panel, and which a stream. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROTOCOL_VERSION } from '../../utils/stream/protocol.ts';
import { depthFeed, streamsFeed } from '../faults/feeds.ts';
import { runInContentWorld, talk } from '../hostile/browser/content-world.ts';
import { type HostileServer, startHostileServer } from '../hostile/browser/hostile-server.ts';
import type { TestPage } from './driver/test-browser.ts';
import { BROWSERS, startTidings, type Tidings, waitForRow } from './tidings.ts';

const START = { type: 'START_UPDATES', protocol: PROTOCOL_VERSION, streamId: 's', everyMs: 100, resume: {} };

const DOCUMENTS: Record<string, { type: string; body: string; policy?: string }> = {
  '/svg': { type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"/>' },
  '/xml': { type: 'application/xml', body: '<list><item/></list>' },
  '/xhtml': {
    type: 'application/xhtml+xml',
    body: '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body/></html>',
  },
  '/sandbox': {
    type: 'text/html',
    body: '<!doctype html><title>x</title>',
    policy: 'sandbox allow-scripts',
  },
};

describe.each(BROWSERS)('documents in %s', (name) => {
  let tidings: Tidings;
  let server: HostileServer;
  let page: TestPage;
  beforeAll(async () => {
    server = await startHostileServer(
      Object.fromEntries(
        Object.entries(DOCUMENTS).map(([path, { type, body, policy }]) => [
          path,
          (_, response) =>
            void response
              .writeHead(200, { 'Content-Type': type, ...(policy && { 'Content-Security-Policy': policy }) })
              .end(body),
        ]),
      ),
    );
    tidings = await startTidings(name);
    await tidings.configure({
      version: 1,
      feeds: [depthFeed(tidings.demo), streamsFeed],
      sites: [{ id: 'all', patterns: ['http://localhost/*'], feeds: null }],
    });
    page = await tidings.open('/strict');
  });
  afterAll(async () => {
    await tidings?.close();
    await server?.close();
  });

  /** What the page of the test, which is in front then, says of the open streams. */
  const untilStreams = async (count: number): Promise<void> => {
    await page.bringToFront();
    await waitForRow(page, 'Open streams', ({ state, value }) => state === 'live' && value === String(count));
  };

  test.each(['/svg', '/xml'])('%s has no panel, no stream and no error', async (path) => {
    const other = await tidings.browser.open(`${server.url}${path}`);
    const found = await runInContentWorld(tidings.browser, `${server.url}${path}`, () => [
      'tidings' in globalThis,
      document.querySelector('[data-tidings-panel]') !== null,
    ]);
    expect(found).toEqual([false, false]);
    await untilStreams(1);
    expect(await tidings.errors()).toEqual([]);
    await other.close();
  });

  test('/xhtml has a panel', async () => {
    const other = await tidings.browser.open(`${server.url}/xhtml`);
    await waitForRow(other, 'Depth', ({ state }) => state === 'live');
    await other.close();
  });

  test('/sandbox is nobody, for its origin is not that of its address', async () => {
    const other = await tidings.browser.open(`${server.url}/sandbox`);
    const said = await runInContentWorld(tidings.browser, `${server.url}/sandbox`, talk, 'updates', [START, 'STARTED']);
    expect(said).toMatchObject({ heard: [{ type: 'CLOSE', reason: 'not-allowed' }], isClosed: true });
    await other.close();
    await untilStreams(1);
  });
});
