import type { TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';

declare const chrome: { windows: { create(options: { url: string; focused: boolean }): Promise<unknown> } };

/**
 * Opens `count` pages, each alone in a window of its own, so that all are visible and drawn at once: a headless browser hides
 * no window behind another.
 * @throws {Error} when one of them is hidden, or is not drawn
 */
export async function openWindows(browser: TestBrowser, url: string, count: number): Promise<TestPage[]> {
  // The browser's first window; its page also wakes the background, which opens the others.
  const pages = [await browser.open(url)];
  await waitFor('background', () => browser.extension.evaluateInBackground(() => true));
  while (pages.length < count) {
    const address = `${url}&window=${pages.length + 1}`;
    await browser.extension.evaluateInBackground(
      (wanted) => chrome.windows.create({ url: wanted, focused: false }).then(() => null),
      address,
    );
    pages.push(await browser.find(address));
  }
  await Promise.all(pages.map((page) => page.waitFor('drawn page', countFrames, { args: [200] })));
  return pages;
}

/** Frames of a visible page in so many ms; 0 of a hidden one. */
async function countFrames(ms: number): Promise<number> {
  const end = performance.now() + ms;
  let frames = 0;
  while (performance.now() < end && document.visibilityState === 'visible') {
    await new Promise(requestAnimationFrame);
    frames += 1;
  }
  return document.visibilityState === 'visible' ? frames : 0;
}
