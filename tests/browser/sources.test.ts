import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { BROWSERS, demoSettings, numbersFeed, startTidings, type Tidings, waitForRow } from './tidings.ts';

/** A dead source is retried within a few seconds at first; the limit leaves room for a slow machine. */
const RETRY_LIMIT_MS = 30_000;

describe.each(BROWSERS)('sources that fail, in %s', (name) => {
  let tidings: Tidings;
  let page: TestPage;
  beforeAll(async () => {
    tidings = await startTidings(name, { build: 'development' });
    page = await tidings.open();
    for (const feed of ['Queue depth', 'Running builds', 'Error rate', 'Build log']) {
      await waitForRow(page, feed, ({ state }) => state === 'live');
    }
  });
  afterAll(() => tidings?.close());

  test.each([
    ['json', 'Queue depth'],
    ['events', 'Error rate'],
    ['socket', 'Running builds'],
  ] as const)('%s that stops is shown as retrying, and live again when it is back', async (source, feed) => {
    tidings.demo.control(source, 'stop');
    await waitForRow(page, feed, ({ state }) => state === 'retrying', RETRY_LIMIT_MS);
    tidings.demo.control(source, 'return');
    await waitForRow(page, feed, ({ state }) => state === 'live', RETRY_LIMIT_MS);
  });

  test('the reason is one click away', async () => {
    tidings.demo.control('json', { action: 'fail', status: 403 });
    await waitForRow(page, 'Queue depth', ({ state }) => state === 'blocked', RETRY_LIMIT_MS);
    await page.shadowClick('.feed .state');
    await waitForRow(page, 'Queue depth', ({ text }) => text.includes('403'));
    tidings.demo.control('json', 'return');
    await page.shadowClick('.feed .state');
  });

  test('nonsense from a source stops nothing', async () => {
    tidings.demo.control('events', 'nonsense');
    tidings.demo.control('socket', 'nonsense');
    await waitForRow(page, 'Error rate', ({ state }) => state === 'live', RETRY_LIMIT_MS);
    const log = await waitForRow(page, 'Build log', ({ state }) => state === 'live', RETRY_LIMIT_MS);
    await waitForRow(page, 'Build log', ({ state, text }) => state === 'live' && text !== log.text, RETRY_LIMIT_MS);
    const bold = await page.inShadows(
      (roots: ShadowRoot[]) => roots.flatMap((root) => [...root.querySelectorAll('b, img, script')]).length,
    );
    expect(bold).toBe(0);
  });

  test('a source that falls silent is not shown as live', async () => {
    const { feeds, ...rest } = demoSettings(tidings.demo);
    await tidings.configure({
      feeds: feeds.map((feed) =>
        feed.source.type === 'websocket' ? { ...feed, source: { ...feed.source, silentAfterMs: 2_000 } } : feed,
      ),
      ...rest,
    });
    await page.bringToFront();
    await waitForRow(page, 'Running builds', ({ state }) => state === 'live', RETRY_LIMIT_MS);
    tidings.demo.control('socket', 'silent');
    await waitForRow(page, 'Running builds', ({ state }) => state === 'stale' || state === 'retrying', RETRY_LIMIT_MS);
    tidings.demo.control('socket', 'return');
    await waitForRow(page, 'Running builds', ({ state }) => state === 'live', RETRY_LIMIT_MS);
  });
  test('a source that restarts its history leaves no line of the one before, nor does a feed that becomes a state', async () => {
    const { demo } = tidings;
    const feed = numbersFeed(demo);
    const settings = { ...demoSettings(demo), feeds: [feed] };
    demo.control('events', { action: 'rate', perSecond: 0 });
    demo.control('events', 'restart');
    await tidings.configure(settings);
    await page.bringToFront();
    const expectLines = (...expected: string[]): Promise<boolean> =>
      waitFor(
        `the lines ${expected.join()}`,
        async () => {
          const lines = await page.inShadows((roots: ShadowRoot[]) =>
            roots
              .flatMap((root) => [...root.querySelectorAll<HTMLElement>('.lines li')])
              .map((line) => line.dataset['text']?.split(' ').at(-1)),
          );
          if (String(lines) !== String(expected)) throw new Error(JSON.stringify(lines));
          return true;
        },
        { limitMs: RETRY_LIMIT_MS },
      );
    await waitForRow(page, 'Numbers', ({ state }) => state === 'live', RETRY_LIMIT_MS);
    demo.control('events', { action: 'burst', count: 9 });
    await expectLines('6', '7', '8', '9', '10');
    demo.control('events', 'restart');
    await expectLines('1');
    demo.control('events', { action: 'burst', count: 1 });
    await expectLines('1', '2');
    await tidings.configure({ ...settings, feeds: [{ ...feed, kind: 'state' }] });
    demo.control('events', { action: 'burst', count: 1 });
    await waitForRow(page, 'Numbers', ({ value }) => value === '3', RETRY_LIMIT_MS);
    await expectLines();
  });
});
