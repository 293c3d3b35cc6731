import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import {
  appliedNumbers,
  BROWSERS,
  numbersFeed,
  numbersFrom,
  recordApplied,
  startTidings,
  type Tidings,
  waitForAllNumbers,
  waitForRow,
} from './tidings.ts';

describe.each(BROWSERS)('the life of a page in %s', (name) => {
  let tidings: Tidings;
  let page: TestPage;

  const openStreams = (): Promise<number> =>
    waitForRow(page, 'Open streams', ({ value }) => value !== '–').then(({ value }) => Number(value));

  beforeEach(async () => {
    tidings = await startTidings(name);
    const { demo } = tidings;
    await tidings.configure({
      version: 1,
      feeds: [
        numbersFeed(demo),
        {
          id: 'streams',
          name: 'Open streams',
          kind: 'state',
          source: { type: 'pulse' },
          path: '$.openStreams',
          unit: '',
          paceMs: 1_000,
        },
      ],
      sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: null }],
    });
    page = await tidings.open();
    await recordApplied(page);
    demo.control('events', { action: 'rate', perSecond: 50 });
    await waitFor('the first numbers', async () => (await appliedNumbers(page)).length > 0);
  });
  afterEach(() => tidings?.close());

  const stopAndCompare = async (): Promise<void> => {
    tidings.demo.control('events', { action: 'rate', perSecond: 0 });
    const applied = await waitForAllNumbers(page, tidings.demo);
    expect(applied).toEqual(numbersFrom(applied[0] ?? 0, tidings.demo.events.record.newest));
  };

  /** The new script begins where the old one was known to be: a little before, in a panel that shows it once. */
  const expectNoneMissing = async (): Promise<void> => {
    tidings.demo.control('events', { action: 'rate', perSecond: 0 });
    const applied = await waitForAllNumbers(page, tidings.demo, 20_000);
    const sorted = [...new Set(applied)].toSorted((a, b) => a - b);
    expect(sorted).toEqual(numbersFrom(sorted[0] ?? 0, tidings.demo.events.record.newest));
  };

  test('comes back from the back/forward cache with all that was sent meanwhile, on one port', async () => {
    await page.evaluate(() => void Object.assign(window, { sameDocument: true }));
    await page.navigate(`${tidings.demo.url}/away`);
    const { newest } = tidings.demo.events.record;
    await waitFor('events to be missed', () => tidings.demo.events.record.newest > newest + 20);
    await page.back();
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
    await waitFor('the page to go on', async () => ((await appliedNumbers(page)).at(-1) ?? 0) > newest + 20);
    expect(await openStreams()).toBe(1);
    await stopAndCompare();
  });

  test('comes back from the back/forward cache although the worker died meanwhile', async () => {
    await page.navigate(`${tidings.demo.url}/away`);
    await tidings.browser.extension.killBackground();
    const { newest } = tidings.demo.events.record;
    await page.back();
    await waitFor('the page to go on', async () => ((await appliedNumbers(page)).at(-1) ?? 0) > newest);
    await stopAndCompare();
  });

  test('gets nothing while hidden, and all of it at once when shown', async () => {
    const { record } = tidings.demo.events;
    const sent = (count: number): Promise<unknown> => {
      const aim = record.newest + count;
      return waitFor('events to be sent', () => record.newest >= aim);
    };
    await page.hide();
    await sent(25);
    const before = (await appliedNumbers(page)).length;
    await sent(50);
    expect(await appliedNumbers(page)).toHaveLength(before);
    await page.bringToFront();
    await waitFor('the page to catch up', async () => (await appliedNumbers(page)).length >= before + 50);
    await stopAndCompare();
  });

  test('an extension that is reloaded leaves one panel, which streams, and one port', async () => {
    const { connections } = tidings.demo.state.events;
    await tidings.browser.extension.reload();
    await waitFor('a source opened anew', () => tidings.demo.state.events.connections.total > connections.total, {
      limitMs: 20_000,
    });
    const before = await waitForRow(page, 'Numbers', ({ state }) => state === 'live');
    await waitForRow(page, 'Numbers', ({ state, text }) => state === 'live' && text !== before.text);
    expect(await page.evaluate(() => document.querySelectorAll('[data-tidings-panel]').length)).toBe(1);
    await waitForRow(page, 'Open streams', ({ state, value }) => state === 'live' && value === '1');
    await waitFor('the old source to be closed', () => tidings.demo.state.events.connections.now === 1);
    await expectNoneMissing();
  });

  test('an extension that is reloaded under a hidden page misses nothing there', async () => {
    const { record } = tidings.demo.events;
    const sent = (count: number): Promise<unknown> => {
      const aim = record.newest + count;
      return waitFor('events to be sent', () => record.newest >= aim);
    };
    await sent(60);
    // In front of it: what it shows is kept, and so is no longer news to a background that starts anew.
    const other = await tidings.open();
    await waitForRow(other, 'Numbers', ({ state }) => state === 'live');
    await sent(100);
    await tidings.browser.extension.reload();
    await sent(30);
    await page.bringToFront();
    await expectNoneMissing();
  });

  test('closes its sources when nobody watches any more', async () => {
    expect(tidings.demo.state.events.connections.now).toBe(1);
    await page.navigate('about:blank');
    await waitFor('the source to be closed', () => tidings.demo.state.events.connections.now === 0, {
      limitMs: 15_000,
    });
  });

  test('five pages share one connection to a source', async () => {
    const pages = [];
    for (let count = 0; count < 5; count += 1) pages.push(await tidings.open());
    for (const one of pages) {
      await one.bringToFront();
      await waitForRow(one, 'Numbers', ({ state }) => state === 'live');
    }
    expect(tidings.demo.state.events.connections).toEqual({ now: 1, total: 1 });
  });
});
