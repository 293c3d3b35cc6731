/** The path of an installed browser, or `null`. Environment variables `CHROMIUM` and `FIREFOX` go first. */
export function findBrowser(browser: 'chromium' | 'firefox'): string | null;
