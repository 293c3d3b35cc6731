/** Hostile messages to the background on the `updates` port. */
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseToBackground, parseToPage, type ToPage } from '../../utils/stream/protocol';
import { createPublisher, MAX_PORTS_PER_DOCUMENT, type Publisher } from '../../utils/stream/publisher';
import { createFakeFeed, type FakeFeed } from '../fakes/feed';
import { createPortPair, type FakePort, type Flavour } from '../fakes/port';
import { campaign, watchEscapes } from './campaign';
import { guardPort, tryPost } from './guarded-port';
import { nearlyToBackground, startUpdates } from './port-messages';

const escapes = watchEscapes();

beforeEach(() => {
  // Not setImmediate: it is how a case waits for real promises.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const START = { type: 'START_UPDATES', protocol: 2, streamId: 'witness', everyMs: 16, resume: {} };

/** A page's end, and whether what it got was as the protocol has it. */
interface Page {
  port: FakePort;
  flush(): void;
  got: ToPage[];
  isOver(): boolean;
}

function open(publisher: Publisher, flavour: Flavour, documentId: string | undefined): Page {
  const sender = { id: 'tidings', url: 'http://localhost/', origin: 'http://localhost', frameId: 0 };
  const pair = createPortPair({
    flavour,
    name: 'updates',
    sender: documentId === undefined ? sender : { ...sender, documentId },
  });
  const got: ToPage[] = [];
  let isOver = false;
  pair.page.onMessage.addListener((raw) => {
    const parsed = parseToPage(raw);
    if (!parsed.ok) throw new Error(`the background sent ${parsed.reason}`);
    if (got.at(-1)?.type === 'CLOSE') throw new Error('the background went on after CLOSE');
    got.push(parsed.message);
  });
  pair.page.onDisconnect.addListener(() => {
    isOver = true;
  });
  publisher.accept(guardPort(pair.background, escapes));
  return { port: pair.page, flush: pair.flush, got, isOver: () => isOver };
}

/** A page that behaves: it must notice nothing of all this. */
async function openWitness(publisher: Publisher, feed: FakeFeed) {
  const page = open(publisher, 'chromium', 'witness');
  page.port.postMessage(START);
  page.flush();
  await setImmediate();
  page.flush();
  expect(page.got[0]?.type).toBe('STARTED');
  return {
    /** Silence would end it. */
    beat() {
      page.port.postMessage({ type: 'PING', id: 1 });
      page.flush();
    },
    async expectNews() {
      const before = page.got.length;
      const batches = page.got.filter((message) => message.type === 'UPDATES');
      const last = batches.at(-1)?.batch;
      if (last !== undefined) page.port.postMessage({ type: 'ACK', batch: last });
      feed.push('news');
      page.flush();
      vi.advanceTimersByTime(16);
      page.flush();
      expect(page.isOver()).toBe(false);
      expect(page.got.slice(before).map(({ type }) => type)).toContain('UPDATES');
    },
  };
}

const caseOf = fc.record({
  flavour: fc.constantFrom<Flavour>('chromium', 'firefox'),
  documentId: fc.constantFrom('a', undefined),
  steps: fc.array(
    fc.record({
      start: fc.option(startUpdates, { freq: 4 }),
      message: nearlyToBackground,
      news: fc.boolean(),
      waitMs: fc.constantFrom(0, 0, 16, 3_000),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  ),
});

test('no message to the background throws, reaches another port or leaves anything behind', async () => {
  await campaign(400_000, caseOf, async ({ flavour, documentId, steps }) => {
    vi.clearAllTimers();
    const feed = createFakeFeed({ id: 'f' });
    const publisher = createPublisher({
      authorise: () => Promise.resolve({ allowed: true, open: () => Promise.resolve([feed.reader()]) }),
    });
    const witness = await openWitness(publisher, feed);
    let page: Page | null = null;
    for (const { start, message, news, waitMs } of steps) {
      expect(typeof parseToBackground(message).ok).toBe('boolean');
      if (page === null || page.isOver()) {
        page?.port.disconnect();
        page = open(publisher, flavour, documentId);
        if (start !== null) {
          tryPost(page.port, start);
          page.flush();
          await setImmediate();
        }
      }
      tryPost(page.port, message);
      if (news) feed.push('more');
      page.flush();
      if (waitMs > 0) vi.advanceTimersByTime(waitMs);
      if (waitMs > 1_000) witness.beat();
      page.flush();
    }
    await escapes.check();
    await witness.expectNews();
    page?.port.disconnect();
    page?.flush();
    expect(publisher.stats().openStreams).toBe(1);
    expect(feed.viewers()).toBe(1);
    publisher.closeAll('shutting-down');
    expect(feed.viewers()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    await escapes.check();
    return steps.length;
  });
});

test('a document that opens ports without end has 4 at most', async () => {
  const feed = createFakeFeed({ id: 'f' });
  const publisher = createPublisher({
    authorise: () => Promise.resolve({ allowed: true, open: () => Promise.resolve([feed.reader()]) }),
  });
  const pages = Array.from({ length: 50 }, () => open(publisher, 'chromium', 'a'));
  for (const [index, page] of pages.entries()) page.port.postMessage({ ...START, streamId: `s${index}` });
  for (const page of pages) page.flush();
  await setImmediate();
  for (const page of pages) page.flush();
  expect(pages.filter((page) => !page.isOver())).toHaveLength(MAX_PORTS_PER_DOCUMENT);
  expect(publisher.stats().openStreams).toBe(MAX_PORTS_PER_DOCUMENT);
  publisher.closeAll('shutting-down');
});
