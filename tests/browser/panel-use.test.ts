import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MAX_LINES } from '../../utils/ui/feed-model.ts';
import type { Box, TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { settingsOnDisk } from './settings-on-disk.ts';
import { BROWSERS, shownRows, startTidings, type Tidings, waitForRow } from './tidings.ts';

/** Runs in the page. */
const countLines = (roots: ShadowRoot[]): number =>
  roots.reduce((count, root) => count + root.querySelectorAll('.lines li').length, 0);

describe.each(BROWSERS)('use of the panel in %s', (name) => {
  let tidings: Tidings;
  let page: TestPage;

  const until = (what: string, fits: (box: Box) => boolean): Promise<Box> =>
    waitFor(what, async () => {
      const box = await page.shadowBox('.panel');
      if (!fits(box)) throw new Error(JSON.stringify(box));
      return box;
    });
  const isCollapsed = (): Promise<boolean> =>
    page.inShadow((root: ShadowRoot) => root.querySelector<HTMLElement>('.body')?.hidden === true);

  beforeAll(async () => {
    tidings = await startTidings(name, { build: 'development' });
  });
  afterAll(() => tidings?.close());
  beforeEach(async () => {
    await page?.close();
    page = await tidings.open();
    // It grows away from its corner as values come: from now on what is to be pressed stays where it is.
    await waitFor('all values', async () => (await shownRows(page)).every(({ state }) => state === 'live'));
    await waitFor('all lines of the log', () => page.inShadows(countLines).then((count) => count === MAX_LINES));
  });

  test('is dragged by its header, and found there on the next page of the site', async () => {
    const title = await page.shadowBox('.title');
    const from = { x: title.x + title.width / 2, y: title.y + title.height / 2 };
    const before = await page.shadowBox('.panel');
    await page.drag(from, { x: from.x - 500, y: from.y });
    const after = await until('the panel further left', (box) => Math.abs(box.x - (before.x - 500)) < 2);
    await page.reload();
    await until('the panel where it was left', (box) => Math.abs(box.x - after.x) < 2);
  });

  test('is moved by keys, and goes back to its corner', async () => {
    await page.inShadow((root: ShadowRoot) => root.querySelector<HTMLElement>('.tool')?.focus());
    await page.press('Home');
    const corner = await until('the panel in its corner', ({ x }) => x > 600);
    await page.press('ArrowLeft');
    await until('the panel a step to the left', ({ x }) => Math.abs(x - (corner.x - 16)) < 2);
    await page.press('Shift+ArrowUp');
    await until('the panel a leap up', ({ y }) => Math.abs(y - (corner.y - 64)) < 2);
    await page.press('Home');
    await until('the panel in its corner again', ({ x, y }) => x === corner.x && y === corner.y);
  });

  test('Escape collapses it, and a click on its button expands it', async () => {
    await page.shadowClick('.feed .state');
    await page.press('Escape');
    await waitFor('the panel to collapse', isCollapsed);
    await page.press('Enter');
    await waitFor('the panel to expand', async () => !(await isCollapsed()));
    // A page that is closed a moment after takes what it had to keep with it, and the next one begins as it was before.
    await waitFor(
      'that to be kept',
      async () => (await settingsOnDisk(tidings.browser)).placements[tidings.demo.url]?.collapsed === false,
    );
  });

  test('never takes the focus by itself, and keeps what is typed in it from the page', async () => {
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      document.body.addEventListener('keydown', ({ key }) => heard.push(key));
      document.addEventListener('keydown', ({ key }) => heard.push(key));
    });
    for (const part of ['.feed .state', '.feed .value', '.body', '.stream']) {
      await page.shadowClick(part);
      await page.press('ArrowUp');
    }
    expect(await page.evaluate(() => (window as unknown as { heard: string[] }).heard)).toEqual([]);
  });

  test('pauses and resumes', async () => {
    await page.shadowClick('.tool:nth-last-of-type(2)');
    await waitFor('the rows to be paused', async () => (await shownRows(page)).every(({ state }) => state !== 'live'));
    const paused = await shownRows(page);
    const { newest } = tidings.demo.events.record;
    await waitFor('events to be sent', () => tidings.demo.events.record.newest > newest + 1);
    const still = await shownRows(page);
    expect(still.map(({ value }) => value)).toEqual(paused.map(({ value }) => value));
    await page.shadowClick('.tool:nth-last-of-type(2)');
    await waitForRow(page, 'Build log', ({ state }) => state === 'live');
  });

  test('is out of the way in fullscreen', async () => {
    await page.evaluate(() => {
      const { documentElement } = document;
      documentElement.addEventListener('click', () => void documentElement.requestFullscreen());
    });
    await page.clickAt({ x: 20, y: 20 });
    await page.waitFor('fullscreen', () => document.fullscreenElement !== null);
    await waitFor('the panel to hide', () =>
      page.inShadow((root: ShadowRoot) => root.querySelector<HTMLElement>('.panel')?.hidden ?? false),
    );
  });

  test('comes back when the page removes it, three times and no more', async () => {
    const removed = await page.evaluate(async () => {
      let count = 0;
      const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
      for (let frames = 0; frames < 30; frames += 1) {
        const host = document.querySelector('[data-tidings-panel]');
        if (host) count += 1;
        host?.remove();
        await frame();
      }
      return count;
    });
    expect(removed).toBe(4);
    expect(await page.evaluate(() => document.querySelector('[data-tidings-panel]'))).toBeNull();
  });
});
