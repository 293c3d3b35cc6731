/** The second half of `npm start`: builds, starts the demo sources, opens the browser, and ends all of it together. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { BrowserName, TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { startDemoSources } from './demo-port.ts';
import { type PanelRow, readPanelRows } from './panel-rows.ts';
import { buildForTrying } from './build-for-trying.ts';
import { ROOT } from './run-command.ts';
import { stopSignal } from './stop-signal.ts';

const LOOK_EVERY_MS = 250;
/** A row is printed at most once in this time, in ms: some change with every batch. */
const PRINT_EVERY_MS = 500;
const PANEL_LIMIT_MS = 20_000;
/** When the screenshot is taken although a feed is still without a value, in ms. */
const VALUES_LIMIT_MS = 15_000;

const TITLES = { chromium: 'Chromium', firefox: 'Firefox' } as const;

/** What the person is told in one sentence, without a stack. */
class StartError extends Error {}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits until it is time to look again. False when everything is to end. */
async function isTimeToLook(browser: TestBrowser, signal: AbortSignal): Promise<boolean> {
  await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  return !signal.aborted && isRunning(browser.pid);
}

const clock = (): string => new Date().toTimeString().slice(0, 8);

/** Prints a row when what it says has changed. */
function createPrinter(): (rows: readonly PanelRow[]) => void {
  const printed = new Map<string, { text: string; at: number }>();
  return (rows) => {
    const now = performance.now();
    const width = Math.max(...rows.map(({ name }) => name.length));
    for (const { name, text } of rows) {
      const last = printed.get(name);
      if (last && (last.text === text || now - last.at < PRINT_EVERY_MS)) continue;
      printed.set(name, { text, at: now });
      console.log(`${clock()}  ${name.padEnd(width)}  ${text}`);
    }
  };
}

async function followPanel(browser: TestBrowser, page: TestPage, signal: AbortSignal): Promise<void> {
  const screenshot = join('.output', `start-${browser.name}.png`);
  const print = createPrinter();
  const startedAt = performance.now();
  let shots = 0;
  while (await isTimeToLook(browser, signal)) {
    const rows = await readPanelRows(page);
    const waitedMs = performance.now() - startedAt;
    if (rows.length === 0 && shots === 0 && waitedMs > PANEL_LIMIT_MS) {
      const errors = await browser.errors();
      throw new StartError(`${errors.join('\n')}\nCannot find the panel on the demo page`.trimStart());
    }
    print(rows);
    const isComplete = rows.length > 0 && (rows.every(({ hasValue }) => hasValue) || waitedMs > VALUES_LIMIT_MS);
    if ((shots === 0 && rows.length > 0) || (shots === 1 && isComplete)) {
      await page.screenshot(join(ROOT, screenshot));
      shots += 1;
      if (shots === 1) console.log(`The page is in ${screenshot}; Ctrl-C ends`);
    }
  }
}

async function showBrowser(name: BrowserName, headless: boolean, url: string, signal: AbortSignal): Promise<void> {
  const extensionDir = await buildForTrying(name, signal);
  if (signal.aborted) return;
  if (extensionDir === null) throw new StartError('Cannot build the extension');
  const browser = await launchBrowser(name, { extensionDir, headless });
  try {
    const page = await browser.open(`${url}/`);
    console.log(`${TITLES[name]} ${/[\d.]+/.exec(browser.version)?.[0] ?? ''} shows ${url}/`);
    if (headless) await followPanel(browser, page, signal);
    else {
      console.log('Close the window or press Ctrl-C to end');
      while (await isTimeToLook(browser, signal));
    }
    if (headless && !signal.aborted) throw new StartError('Cannot go on: the browser has ended');
  } catch (error) {
    // Ctrl-C reaches the browser too, and what was asked of it at that moment fails.
    if (!signal.aborted) throw error;
  } finally {
    await browser.close();
  }
}

const [, , name, view] = process.argv;
const signal = stopSignal();
const demo = await startDemoSources();
if (demo === null) process.exit(1);
try {
  await showBrowser(name === 'firefox' ? 'firefox' : 'chromium', view === 'headless', demo.url, signal);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await demo.close();
}
