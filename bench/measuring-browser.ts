import { startDemo } from '../tests/servers/demo.ts';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { TestExtension } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';

/**
 * Runs `use` with the measuring extension in a new browser, on a page that is shown. Attaching a debugger keeps its
 * background alive; it slows no code down, as it sets no breakpoint.
 */
export async function withMeasuringBrowser<Result>(
  extensionDir: string,
  use: (extension: TestExtension) => Promise<Result>,
): Promise<Result> {
  const demo = await startDemo({ port: 0 });
  try {
    const browser = await launchBrowser('chromium', { extensionDir });
    try {
      await browser.open(`${demo.url}/away?measure`);
      // The page is loaded before its content script has run, which starts the background.
      await waitFor('the background', () => browser.extension.backgroundIsRunning());
      return await use(browser.extension);
    } finally {
      await browser.close();
    }
  } finally {
    await demo.close();
  }
}
