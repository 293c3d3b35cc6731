import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
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
} from './tidings.ts';

const KILLS = 20;

describe.each(BROWSERS)('worker death in %s', (name) => {
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

  test(`${KILLS} deaths at random during 50 events a second lose nothing and repeat nothing`, async () => {
    const { browser, demo } = tidings;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const aim = demo.events.record.newest + 1 + Math.floor(Math.random() * 60);
      await waitFor('the moment of the kill', () => demo.events.record.newest >= aim, { everyMs: 2 });
      await browser.extension.killBackground();
      await waitFor(
        `the page to go on after kill ${kill + 1}`,
        async () => ((await appliedNumbers(page)).at(-1) ?? 0) > aim,
        { limitMs: 15_000 },
      );
    }
    demo.control('events', { action: 'rate', perSecond: 0 });
    const applied = await waitForAllNumbers(page, demo);
    expect(applied).toEqual(numbersFrom(applied[0] ?? 0, demo.events.record.newest));
    const batches = await appliedBatches(page, 'numbers');
    expect(new Set(batches.map(({ epoch }) => epoch)).size).toBe(1);
    expect(batches.reduce((lost, batch) => lost + batch.lost, 0)).toBe(0);
  });
});
