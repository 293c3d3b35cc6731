type BrowserName = 'chromium' | 'firefox';

/** The path of an installed browser, or `null`. Where `TIDINGS_CHROMIUM` or `TIDINGS_FIREFOX` is set, it alone counts. */
export function findBrowser(browser: BrowserName): string | null;

/** Why {@link findBrowser} gave `null`, or what to do about it, as one sentence without a full stop. */
export function explainMissing(browser: BrowserName): string;
