import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestPage } from './driver/test-browser.ts';
import { BROWSERS, shownRows, startTidings, type Tidings, waitForRow } from './tidings.ts';

describe.each(BROWSERS)('values in %s', (name) => {
  let tidings: Tidings;
  let page: TestPage;
  beforeAll(async () => {
    tidings = await startTidings(name, { build: 'development' });
    page = await tidings.open();
  });
  afterAll(() => tidings?.close());

  test.each(['Queue depth', 'Running builds', 'Error rate', 'Build log', 'Background uptime'])(
    '%s reaches the page and changes there',
    async (feed) => {
      const first = await waitForRow(page, feed, ({ state }) => state === 'live');
      await waitForRow(page, feed, ({ state, text }) => state === 'live' && text !== first.text);
    },
  );

  test('the queue depth is what the source says', async () => {
    tidings.demo.control('json', { action: 'rate', perSecond: 0 });
    const answer = await fetch(`${tidings.demo.url}/pipeline.json`);
    const { queue } = (await answer.json()) as { queue: { depth: number } };
    await waitForRow(page, 'Queue depth', ({ value }) => value === String(queue.depth));
    tidings.demo.control('json', 'return');
  });

  test('the panel shows the feeds in the order of the settings', async () => {
    const rows = await shownRows(page);
    expect(rows.map((row) => row.name)).toEqual([
      'Queue depth',
      'Running builds',
      'Error rate',
      'Build log',
      'Background uptime',
      'Open streams',
    ]);
  });

  test('no script of the page can read the panel', async () => {
    const seen = await page.evaluate(() => {
      const host = document.querySelector<HTMLElement>('[data-tidings-panel]');
      if (!host) throw new Error('no panel');
      return {
        root: host.shadowRoot,
        text: host.textContent,
        html: host.outerHTML.includes('Queue depth'),
        found: document.body.innerText.includes('Background uptime'),
        // Looks into closed shadow roots too.
        byFind: (window as unknown as { find(text: string): boolean }).find('Background uptime'),
        globals: Object.keys(window).filter((key) => /tidings/i.test(key)),
      };
    });
    expect(seen).toEqual({ root: null, text: '', html: false, found: false, byFind: false, globals: [] });
  });

  test('a page under a strict policy shows the panel with its styles', async () => {
    const strict = await tidings.open('/strict');
    await waitForRow(strict, 'Queue depth', ({ state }) => state === 'live');
    const position = await strict.inShadow((root: ShadowRoot) => {
      const panel = root.querySelector('.panel');
      return panel && getComputedStyle(panel).position;
    });
    expect(['fixed', 'absolute']).toContain(position);
    await strict.close();
  });

  test('a frame has no panel of its own', async () => {
    const frames = await tidings.open('/frames');
    await waitForRow(frames, 'Queue depth', ({ state }) => state === 'live');
    const panels = await frames.evaluate(() => [
      document.querySelectorAll('[data-tidings-panel]').length,
      document.querySelector('iframe')?.contentDocument?.querySelectorAll('[data-tidings-panel]').length,
    ]);
    expect(panels).toEqual([1, 0]);
    await frames.close();
  });

  test('reported no error', async () => {
    expect(await tidings.errors()).toEqual([]);
  });
});
