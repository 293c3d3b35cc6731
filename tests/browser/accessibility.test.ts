import axeCore from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ColourScheme, TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { BROWSERS, startTidings, type Tidings, waitForRow } from './tidings.ts';

const SCHEMES: readonly ColourScheme[] = ['light', 'dark'];

declare const axe: {
  run(context: object): Promise<{ passes: unknown[]; violations: { id: string; nodes: { html: string }[] }[] }>;
};

/** What axe finds wrong, a line each. */
async function violations(page: TestPage, selector: string): Promise<string[]> {
  await page.evaluate(`() => { ${axeCore.source}; window.axe = axe; }`);
  return page.evaluate(async (include: string) => {
    const { passes, violations: found } = await axe.run({ include: [[include]] });
    if (passes.length < 8) throw new Error(`Cannot judge "${include}": axe saw next to nothing of it`);
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, selector);
}

/** Axe sees no closed shadow root and no generated content: it gets the panel's markup and styles in the light, texts as text. */
async function showPanelInTheLight(page: TestPage): Promise<void> {
  const panel = await page.inShadows((roots: ShadowRoot[]) => {
    const flat = (node: Node): Node => {
      const own = roots.find(({ host }) => host === node)?.childNodes;
      const copy = node.cloneNode();
      const children = node.nodeName === 'SLOT' ? (node as HTMLSlotElement).assignedNodes() : (own ?? node.childNodes);
      for (const child of children) copy.appendChild(flat(child));
      return copy;
    };
    return {
      html: [...(roots[0]?.children ?? [])].map((child) => (flat(child) as Element).outerHTML).join(''),
      css: roots.map(({ adoptedStyleSheets: sheets }) =>
        sheets.flatMap((sheet) => [...sheet.cssRules].map(({ cssText }) => cssText)).join('\n'),
      ),
    };
  });
  await page.evaluate(
    (html: string, own: string, ...nested: string[]) => {
      document.body.innerHTML = html;
      for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
        element.textContent = element.dataset['text'] ?? '';
        delete element.dataset['text'];
      }
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`${own.replaceAll(':host', ':root')} ${nested.join(' ').replaceAll(':host', '.rows')}`);
      document.adoptedStyleSheets = [sheet];
      document.body.style.cssText = 'background: Canvas; --tidings-panel: visible';
    },
    panel.html,
    ...(panel.css as [string]),
  );
}

describe.each(BROWSERS)('accessibility in %s', (name) => {
  let tidings: Tidings;
  beforeAll(async () => {
    tidings = await startTidings(name, { build: 'development' });
  });
  afterAll(() => tidings?.close());

  describe.each(SCHEMES)('%s', (scheme) => {
    beforeAll(() => tidings.browser.setColourScheme(scheme));

    test.each(['popup.html', 'sidepanel.html'])('axe finds nothing in %s', async (path) => {
      const page = await tidings.browser.extension.openPage(path);
      await page.waitFor('the feeds', () => document.querySelectorAll('.feed').length >= 6);
      expect(await violations(page, 'body')).toEqual([]);
      await page.click('.connect');
      await page.waitFor(
        'the connection',
        () => !document.querySelector<HTMLInputElement>('#conversation-text')?.disabled,
      );
      await page.type('hello');
      await page.press('Enter');
      await page.waitFor('the answer', () => document.querySelectorAll('.entry').length >= 2);
      expect(await violations(page, 'body')).toEqual([]);
      await page.close();
    });

    test('the panel says all of a row to who does not see it', async () => {
      const page = await tidings.open();
      await waitFor('all of a row', async () => {
        const { value } = await waitForRow(page, 'Queue depth', ({ state }) => state === 'live');
        const said = await page.accessibleNames();
        return ['Queue depth', value, 'live, Queue depth, details'].every((text) => said.includes(text));
      });
      await page.close();
    });

    test('axe finds nothing in the panel', async () => {
      const page = await tidings.open();
      await waitForRow(page, 'Build log', ({ state }) => state === 'live');
      await showPanelInTheLight(page);
      expect(await violations(page, '.panel')).toEqual([]);
      await page.close();
    });
  });
});
