import { explainMissing, findBrowser } from '../../../scripts/find-browser.mjs';
import type { BrowserName } from './test-browser.ts';

/**
 * Path of the browser, the one that set-up finds.
 * @throws {Error} when there is none; says what to do
 */
export function findProgram(browser: BrowserName): string {
  const path = findBrowser(browser);
  if (path === null) throw new Error(explainMissing(browser));
  return path;
}
