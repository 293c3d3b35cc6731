/**
 * Takes the pictures of README and stores in the real Chromium, from the demo sources: `npm run screenshots`. They are
 * committed; 1280 by 800 is what the Chrome Web Store takes.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { ColourScheme, TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';
import { buildForTrying } from './build-for-trying.ts';
import { startDemoSources } from './demo-port.ts';
import { readPanelRows } from './panel-rows.ts';
import { ROOT } from './run-command.ts';
import { stopSignal } from './stop-signal.ts';

const FOLDER = join(ROOT, 'docs', 'screenshots');
const SCREEN = { width: 1280, height: 800 };
const SCHEMES: readonly ColourScheme[] = ['light', 'dark'];
/** How long values come in before the first picture, in ms: long enough for the sparklines to say something. */
const HISTORY_MS = 20_000;

const take = (page: TestPage, name: string): Promise<void> => page.screenshot(join(FOLDER, `${name}.png`));

async function photographDemo(browser: TestBrowser, url: string): Promise<TestPage> {
  const page = await browser.open(url);
  await page.setViewport(SCREEN);
  await waitFor('values in all rows', async () => {
    const rows = await readPanelRows(page);
    return rows.length > 0 && rows.every(({ hasValue }) => hasValue);
  });
  await sleep(HISTORY_MS);
  for (const scheme of SCHEMES) {
    await browser.setColourScheme(scheme);
    await take(page, `demo-${scheme}`);
  }
  return page;
}

async function converse(page: TestPage, text: string): Promise<void> {
  await page.click('.connect');
  await page.waitFor('the connection', 'document.querySelector("#conversation-text").disabled === false');
  await page.click('#conversation-text');
  await page.type(text);
  await page.press('Enter');
  await page.waitFor(
    'the answer',
    'document.querySelector(".entry:last-child .text")?.textContent.includes("received: ")',
  );
}

async function photograph(browser: TestBrowser, url: string): Promise<void> {
  const page = await photographDemo(browser, url);
  const sidePanel = await browser.extension.openPage('sidepanel.html');
  await sidePanel.setViewport({ width: 400, height: SCREEN.height });
  await converse(sidePanel, 'Is anybody there?');
  // Its values have come in the meantime, as in a side panel that has been open for a while.
  await sleep(HISTORY_MS / 2);
  for (const scheme of SCHEMES) {
    await browser.setColourScheme(scheme);
    await take(sidePanel, `side-panel-${scheme}`);
  }
  await page.bringToFront();
  const popup = await browser.extension.openPopup();
  await converse(popup, 'Still there?');
  await sleep(HISTORY_MS / 4);
  for (const scheme of SCHEMES) {
    await browser.setColourScheme(scheme);
    await take(popup, `popup-${scheme}`);
  }
}

const demo = await startDemoSources();
if (demo === null) process.exit(1);
try {
  mkdirSync(FOLDER, { recursive: true });
  const extensionDir = await buildForTrying('chromium', stopSignal());
  if (extensionDir === null) process.exit(1);
  const browser = await launchBrowser('chromium', { extensionDir });
  try {
    await photograph(browser, `${demo.url}/`);
  } finally {
    await browser.close();
  }
} finally {
  await demo.close();
}
