/** Sources on a host that nobody granted: 127.0.0.1, where only localhost is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Feed } from '../../utils/feeds/feed.ts';
import { openDetails, waitForReason } from '../faults/details.ts';
import { type HostileServer, startHostileServer } from '../hostile/browser/hostile-server.ts';
import { type Demo, startDemo } from '../servers/demo.ts';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { appliedNumbers, BROWSERS, numbersFeed, recordApplied, startTidings, type Tidings } from './tidings.ts';

const LIMIT_MS = 30_000;
const NOT_REACHED = 'The source could not be reached';
const REDIRECTS = { to: '' };

describe.each(BROWSERS)('without access, in %s', (name) => {
  let tidings: Tidings;
  /** Lets everybody read, and nobody send `Last-Event-ID` or `If-None-Match`. */
  let plain: Demo;
  /** Lets nobody read. */
  let closed: HostileServer;
  let page: TestPage;

  const feed = (label: string, source: Feed['source'], path = '$'): Feed => ({
    id: label.toLowerCase(),
    name: label,
    kind: 'state',
    source,
    path,
    unit: '',
    paceMs: 1_000,
  });
  const poll = (label: string, address: string, path?: string): Feed => feed(label, { type: 'poll', address }, path);
  const asked = (path: string): number => closed.requests.filter((one) => one === path).length;

  beforeAll(async () => {
    plain = await startDemo({ port: 0, allowsHeaders: false });
    closed = await startHostileServer({
      '/closed.json': (_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' }).end('1');
      },
      '/redirect': (_, response) => response.writeHead(302, { Location: REDIRECTS.to }).end(),
    });
    const gone = await startHostileServer({});
    await gone.close();
    REDIRECTS.to = `http://127.0.0.1:${closed.port}/secret`;
    tidings = await startTidings(name);
    const origin = `http://127.0.0.1:${plain.port}`;
    const numbers: Feed = JSON.parse(JSON.stringify(numbersFeed(plain)).replace('localhost', '127.0.0.1'));
    await tidings.configure({
      version: 1,
      feeds: [
        numbers,
        poll('Depth', `${origin}/pipeline.json`, '$.queue.depth'),
        poll('Closed', `http://127.0.0.1:${closed.port}/closed.json`),
        poll('Gone', `http://127.0.0.1:${gone.port}/gone.json`),
        poll('Led away', `${closed.url}/redirect`),
        feed('Socket', {
          type: 'websocket',
          address: `ws://127.0.0.1:${plain.port}/socket`,
          onConnect: [],
          format: 'json',
          silentAfterMs: null,
        }),
      ],
      sites: [{ id: 'all', patterns: ['http://localhost/*'], feeds: null }],
    });
    page = await tidings.open();
    await recordApplied(page);
    for (const label of ['Numbers', 'Depth', 'Closed', 'Gone', 'Led away', 'Socket']) await openDetails(page, label);
  });
  afterAll(async () => {
    await tidings?.close();
    await Promise.all([plain?.close(), closed?.close()]);
  });

  test('a server that lets nobody read is blocked until the person allows its host', async () => {
    await waitForReason(page, 'Closed', 'blocked', `allow access to 127.0.0.1:${closed.port}`, LIMIT_MS);
  });

  test('a server that is not there is not reached, which access would not change', async () => {
    await waitForReason(page, 'Gone', 'retrying', NOT_REACHED, LIMIT_MS);
  });

  test('a redirect to what cannot be read is followed once a minute at most', async () => {
    await waitForReason(page, 'Led away', 'blocked', 'redirects to another address', LIMIT_MS);
    await waitForReason(page, 'Led away', 'blocked', 'min', LIMIT_MS);
    expect(asked('/secret')).toBe(1);
    expect(asked('/redirect')).toBe(2);
  });

  test('a socket, which would carry cookies, is not opened', async () => {
    await waitForReason(page, 'Socket', 'blocked', 'takes your cookies for that host along', LIMIT_MS);
    expect(plain.socket.state.requests).toBe(0);
  });

  test('a poll whose validators are refused goes on, and is live all the time', async () => {
    const { requests } = plain.json.state;
    await waitForReason(page, 'Depth', 'live', '', LIMIT_MS);
    await waitFor('more answers', () => plain.json.state.requests > requests + 5, { limitMs: LIMIT_MS });
    await waitForReason(page, 'Depth', 'live', 'Values are current', LIMIT_MS);
    expect(plain.json.state).toMatchObject({ lastIfNoneMatch: null, notModified: 0 });
  });

  test('a stream whose resume is refused goes on under the next background, and says what may be missing', async () => {
    await waitForReason(page, 'Numbers', 'live', 'Values are current', LIMIT_MS);
    for (let killed = 0; killed < 2; killed += 1) {
      await tidings.browser.extension.killBackground();
      const { newest } = plain.events.record;
      const goesOn = async (): Promise<boolean> => ((await appliedNumbers(page)).at(-1) ?? 0) > newest;
      await waitFor('newer numbers', goesOn, { limitMs: LIMIT_MS });
      const host = `127.0.0.1:${plain.port}`;
      await waitForReason(page, 'Numbers', 'live', `${host} does not let Tidings ask`, LIMIT_MS);
    }
    expect(plain.events.state.lastEventId).toBeNull();
  });

  test('a source that was read before is not reached when it is gone, also under the next background', async () => {
    await plain.close();
    for (const label of ['Numbers', 'Depth']) await waitForReason(page, label, 'retrying', NOT_REACHED, LIMIT_MS);
    await tidings.browser.extension.killBackground();
    for (const label of ['Numbers', 'Depth']) await waitForReason(page, label, 'retrying', NOT_REACHED, LIMIT_MS);
  });
});
