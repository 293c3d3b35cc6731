import type { BrowserName, LaunchOptions, TestBrowser } from './test-browser.ts';

/**
 * Starts a browser with the extension in it, on a profile of its own.
 * @throws {Error} when the browser is not installed, or does not start
 */
export async function launchBrowser(name: BrowserName, options: LaunchOptions): Promise<TestBrowser> {
  // Loaded when asked for: puppeteer takes 300 ms.
  return name === 'chromium'
    ? (await import('./chromium.ts')).launchChromium(options)
    : (await import('./firefox.ts')).launchFirefox(options);
}
