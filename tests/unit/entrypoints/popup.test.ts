import { fakeBrowser } from '@webext-core/fake-browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createExtensionPage, type FakeExtensionPage } from '../../fakes/extension-page';

beforeEach(() => {
  fakeBrowser.reset();
  vi.resetModules();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Runs the script of the popup, in front of a tab at `url`. */
async function open(url?: string): Promise<FakeExtensionPage> {
  const page = createExtensionPage(url === undefined ? {} : { url });
  await import('../../../entrypoints/popup/main');
  await vi.waitFor(() => page.find('.head .site'), { timeout: 10_000 });
  return page;
}

describe('popup', () => {
  test('has conversation and values', async () => {
    const { find } = await open();
    expect([...find('main').children].map(({ className }) => className)).toEqual(['conversation', 'values']);
  });

  test.each([
    ['http://localhost:4100/', 'localhost:4100 shown here'],
    ['https://other.example/', 'other.example not shown here'],
    ['chrome://extensions/', 'Tidings cannot be shown on this page'],
  ])('says of a tab at %s: %s', async (url, words) => {
    const { find } = await open(url);
    expect(find('.head .site').textContent).toBe(words);
  });

  test('opens the side panel of its own window', async () => {
    const openSidePanel = vi.fn<(options: { windowId: number }) => Promise<void>>(() => Promise.resolve());
    Object.assign(fakeBrowser, { sidePanel: { open: openSidePanel } });
    const { find } = await open();
    find('.head .side-panel').click();
    expect(openSidePanel).toHaveBeenCalledExactlyOnceWith({ windowId: 7 });
  });
});
