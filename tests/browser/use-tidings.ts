/** Tidings in a real browser with the demo sources. Runs in plain Node too, which `tidings.ts` does not. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '../../utils/settings/settings.ts';
import { type Demo, startDemo } from '../servers/demo.ts';
import type { BrowserName, TestBrowser, TestPage } from './driver/test-browser.ts';
import { storeSettings } from './save-settings.ts';

export const BROWSERS: readonly BrowserName[] = ['chromium', 'firefox'];

/** Builds that tests use: `test` tells the page what was applied, `development` is what people try out. */
export type Build = 'test' | 'development';

const BUILD_SUFFIX: Record<Build, string> = { test: 'test', development: 'dev' };

/** Where the build is. @throws {Error} when it is not there */
export function buildDir(browser: BrowserName, build: Build): string {
  const dir = resolve(`.output/${browser === 'chromium' ? 'chrome' : 'firefox'}-mv3-${BUILD_SUFFIX[build]}`);
  if (!existsSync(dir)) throw new Error(`Cannot test "${dir}": build it first, with npm test`);
  return dir;
}

export interface Tidings {
  browser: TestBrowser;
  demo: Demo;
  /** Opens a page of the demo; in the `test` build what is applied there is recorded from the start. */
  open(path?: string): Promise<TestPage>;
  /** What the browser reported as errors, without the defaults' sources, which nobody serves here. */
  errors(): Promise<string[]>;
  /** Replaces the settings, as an editor would. */
  configure(settings: Settings): Promise<void>;
  close(): Promise<void>;
}

/**
 * Tidings in a browser that runs already, with demo sources of its own. Its `close` ends both.
 * @param settingsFor what it begins with
 */
export async function useTidings(browser: TestBrowser, settingsFor: (demo: Demo) => Settings): Promise<Tidings> {
  const demo = await startDemo({ port: 0 });
  try {
    await storeSettings(browser, settingsFor(demo));
  } catch (error) {
    await demo.close();
    throw error;
  }

  return {
    browser,
    demo,
    configure: (settings) => storeSettings(browser, settings),
    errors: async () => (await browser.errors()).filter((text) => !text.includes('localhost:4100')),
    open: (path = '/') => openWithPanel(browser, `${demo.url}${path}`),
    async close() {
      await browser.close();
      await demo.close();
    },
  };
}

/** Opens a page and waits for its panel. */
export async function openWithPanel(browser: TestBrowser, url: string): Promise<TestPage> {
  const page = await browser.open(url);
  await page.waitFor('the panel', () => document.querySelector('[data-tidings-panel]') !== null);
  return page;
}
