import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestPage } from './driver/test-browser.ts';
import { waitFor } from './driver/wait-for.ts';
import { BROWSERS, startTidings, type Tidings } from './tidings.ts';

const textsOf = (page: TestPage): Promise<string[]> =>
  page.evaluate(() => [...document.querySelectorAll('.entry .text')].map(({ textContent }) => textContent ?? ''));

/** Presses Connect, and waits for the transcript. */
async function connect(page: TestPage): Promise<void> {
  await page.waitFor('the connection', () => {
    document.querySelector<HTMLButtonElement>('.connect:enabled')?.click();
    return document.querySelector<HTMLElement>('.conversation')?.dataset['connection'] === 'connected';
  });
}

/** Says `text` and waits for the answer. */
async function say(page: TestPage, text: string): Promise<void> {
  await page.evaluate((typed: string) => {
    const field = document.querySelector<HTMLInputElement>('#conversation-text');
    if (field) field.value = typed;
    field?.form?.requestSubmit();
  }, text);
  await waitFor('the answer', async () => (await textsOf(page)).at(-1) === `Background received: "${text}"`);
}

const conversationOf = (text: string): string[] => [text, `Background received: "${text}"`];

describe.each(BROWSERS)('conversation of private windows in %s', (name) => {
  let tidings: Tidings;
  beforeAll(async () => {
    tidings = await startTidings(name, { build: 'development' });
  });
  afterAll(() => tidings?.close());

  test('is seen in private windows alone, outlives the background, and goes with the last of them', async () => {
    const { extension } = tidings.browser;
    const hidden = await extension.openPrivatePopup();
    await connect(hidden);
    await say(hidden, 'secret');

    const normal = await extension.openPage('sidepanel.html');
    await connect(normal);
    expect(await textsOf(normal)).toEqual([]);
    await say(normal, 'open');
    expect(await textsOf(hidden)).toEqual(conversationOf('secret'));

    await extension.killBackground();
    const again = await extension.openPrivatePopup();
    await connect(again);
    expect(await textsOf(again)).toEqual(conversationOf('secret'));

    await extension.closePrivateWindows();
    const anew = await extension.openPrivatePopup();
    await connect(anew);
    expect(await textsOf(anew)).toEqual([]);
    await extension.closePrivateWindows();

    await normal.reload();
    await connect(normal);
    expect(await textsOf(normal)).toEqual(conversationOf('open'));
  });

  test('reported no error', async () => {
    expect(await tidings.errors()).toEqual([]);
  });
});
