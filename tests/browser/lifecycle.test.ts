import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../utils/settings/settings.ts';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { judge } from '../faults/verdict.ts';
import { openDetails } from '../faults/details.ts';
import {
  appliedBatches,
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

/** What the rows of tests/faults do not bring about. */
describe.each(BROWSERS)('the life of a page in %s', (name) => {
  let tidings: Tidings;
  let page: TestPage;

  beforeEach(async () => {
    tidings = await startTidings(name);
    const { demo } = tidings;
    await tidings.configure({
      version: 1,
      feeds: [numbersFeed(demo)],
      sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: null }],
    });
    page = await tidings.open();
    await recordApplied(page);
    demo.control('events', { action: 'rate', perSecond: 50 });
    await waitFor('the first numbers', async () => (await appliedNumbers(page)).length > 0);
  });
  afterEach(() => tidings?.close());

  /** The new script begins where the old one was known to be: a little before, in a panel that shows it once. */
  const expectNoneMissing = async (): Promise<void> => {
    tidings.demo.control('events', { action: 'rate', perSecond: 0 });
    const applied = await waitForAllNumbers(page, tidings.demo, 20_000);
    const sorted = [...new Set(applied)].toSorted((a, b) => a - b);
    expect(sorted).toEqual(numbersFrom(sorted[0] ?? 0, tidings.demo.events.record.newest));
  };

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

  test('shows how many events a page lost that was hidden for longer than they are kept, to the last one', async () => {
    const { demo } = tidings;
    const other = await tidings.open();
    await waitForRow(other, 'Numbers', ({ state }) => state === 'live');
    await recordApplied(other);
    demo.control('events', { action: 'rate', perSecond: 0 });
    demo.control('events', { action: 'burst', count: 50_000 });
    await waitForAllNumbers(other, demo, 60_000);
    await page.bringToFront();
    await waitForAllNumbers(page, demo, 20_000);
    const batches = await appliedBatches(page, 'numbers');
    const verdict = judge(batches, demo.events.record.newest);
    expect(verdict).toMatchObject({ lost: 0, twice: 0, disordered: 0 });
    expect(verdict.shownLost).toBeGreaterThan(10_000);
    await openDetails(page, 'Numbers');
    const shown = new Intl.NumberFormat('en').format(verdict.shownLost);
    await waitForRow(page, 'Numbers', ({ text }) => text.includes(`Lost: ${shown}`));
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

test('in Chromium a frozen page keeps its script when the settings change', async () => {
  const tidings = await startTidings('chromium');
  try {
    const { demo } = tidings;
    const settingsWith = (feedName: string): Settings => ({
      version: 1,
      feeds: [{ ...numbersFeed(demo), name: feedName }],
      sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: null }],
    });
    await tidings.configure(settingsWith('Numbers'));
    const page = await tidings.open();
    await recordApplied(page);
    demo.control('events', { action: 'rate', perSecond: 50 });
    await waitFor('the first numbers', async () => (await appliedNumbers(page)).length > 0);
    await page.hide();
    await page.freeze();
    const { newest } = demo.events.record;
    await tidings.configure(settingsWith('Renamed'));
    await waitFor('more numbers than a snapshot has', () => demo.events.record.newest > newest + 100);
    await page.thaw();
    await page.bringToFront();
    await waitForRow(page, 'Renamed', ({ state }) => state === 'live');
    demo.control('events', { action: 'rate', perSecond: 0 });
    const applied = await waitForAllNumbers(page, demo, 20_000);
    expect(applied).toEqual(numbersFrom(applied[0] ?? 0, demo.events.record.newest));
  } finally {
    await tidings.close();
  }
});
