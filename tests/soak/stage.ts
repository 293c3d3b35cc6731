import { rm } from 'node:fs/promises';
import { launchBrowser } from '../browser/driver/launch-browser.ts';
import type { BrowserName, TestBrowser } from '../browser/driver/test-browser.ts';
import { copyBuild } from '../faults/copy-build.ts';
import { COUNT_IN_BACKGROUND } from './background-counts.ts';
import { watchSocketBreaks } from './socket-breaks.ts';
import { LASTING_HOST, type SoakSources, startSources } from './sources.ts';
import { createTotals, type Totals } from './totals.ts';
import { type AppliedByFeed, takeApplied, TELL_SCRIPTS, watchValues } from './watch-values.ts';
import { createWindows, type PageInWindow } from './windows.ts';

/** Pages with a panel, all shown: one that lasts as long as the soak, and those that faults happen to. */
export const PAGES = 20;
const PANELS = ['popup', 'sidepanel'] as const;

/** How long to wait for what a busy machine does late, in ms. */
const LIMIT_MS = 60_000;

/** A place for a page or a panel, which faults take from it and open anew. */
export interface Seat {
  /** How the page is named in what is printed. */
  readonly name: string;
  readonly window: PageInWindow;
  /** Adds up what its document applied since the last time. To be called before that may end. */
  take(): Promise<AppliedByFeed>;
  /** Waits for what its document shows, and counts what that applies. Returns whether it is another one than before. */
  arrive(): Promise<boolean>;
  /** Its document was to come back from the browser's cache, and did not. */
  wasEvicted(): void;
  /** Closes the window and opens another. */
  reopen(): Promise<void>;
}

/** The product in a browser, with its sources, pages and panels. */
export interface Stage {
  readonly browser: TestBrowser;
  readonly sources: SoakSources;
  readonly totals: Totals;
  /** The page that lasts. */
  readonly lasting: Seat;
  /** The other pages. */
  readonly pages: readonly Seat[];
  readonly panels: readonly Seat[];
  /** Saves settings that differ from those before in a unit. */
  changeSettings(): Promise<void>;
  close(): Promise<void>;
}

/** Chromium and Firefox each have a way of their own to send a name to this machine. */
const TO_THIS_MACHINE = {
  args: [`--host-resolver-rules=MAP ${LASTING_HOST} 127.0.0.1`],
  prefs: { 'network.dns.localDomains': LASTING_HOST },
} as const;

/** The feeds whose values count from 1. */
const COUNTED = ['fast', 'steady', 'socket'];

const hasPanel = (): boolean => document.querySelector('[data-tidings-panel]') !== null;
const hasRows = (): boolean => document.querySelectorAll('.feed').length > 0;

/** Starts all of it; what was started ends again when the rest fails. */
export async function createStage(name: BrowserName): Promise<Stage> {
  const ending = new AsyncDisposableStack();
  try {
    return await build(name, ending);
  } catch (error) {
    await ending.disposeAsync();
    throw error;
  }
}

async function build(name: BrowserName, ending: AsyncDisposableStack): Promise<Stage> {
  const sources = await startSources();
  ending.defer(sources.close);
  const breaks = watchSocketBreaks(sources.fast);
  ending.defer(breaks.end);
  const extensionDir = await copyBuild(name, { background: COUNT_IN_BACKGROUND, content: TELL_SCRIPTS });
  ending.defer(() => rm(extensionDir, { recursive: true, force: true }));
  const browser = await launchBrowser(name, {
    extensionDir,
    prefs: TO_THIS_MACHINE.prefs,
    args: name === 'chromium' ? [...TO_THIS_MACHINE.args] : [],
  });
  ending.defer(() => browser.close());
  const totals = createTotals({ fast: null, steady: null, socket: breaks.between });
  const windows = await createWindows(browser);
  let opened = 0;
  let saved = 0;

  const changeSettings = (): Promise<void> => {
    saved += 1;
    return windows.saveSettings(sources.settings(`unit ${saved % 2}`));
  };
  await changeSettings();

  const createSeat = async (seatName: string, address: string, isReady: () => boolean): Promise<Seat> => {
    const open = async (): Promise<PageInWindow> => {
      opened += 1;
      const window = await windows.open(`${address}?${opened}`);
      await window.page.waitFor(`the feeds of ${seatName}`, isReady, { limitMs: LIMIT_MS });
      return window;
    };
    let window = await open();
    const seat: Seat = {
      name: seatName,
      get window() {
        return window;
      },
      async take() {
        const applied = await takeApplied(window.page);
        totals.add(seatName, applied);
        return applied;
      },
      async arrive() {
        await window.page.waitFor(`the feeds of ${seatName}`, isReady, { limitMs: LIMIT_MS });
        // A panel tells no test what it applied.
        if (isReady === hasRows) return false;
        const isNew = await watchValues(window.page, COUNTED);
        if (isNew) totals.documents += 1;
        return isNew;
      },
      wasEvicted() {
        totals.evicted += 1;
      },
      async reopen() {
        await window.close();
        window = await open();
        await seat.arrive();
      },
    };
    await seat.arrive();
    return seat;
  };

  const { port, url } = sources.fast;
  const lasting = await createSeat('the lasting page', `http://${LASTING_HOST}:${port}/strict`, hasPanel);
  const pages: Seat[] = [];
  for (let i = 1; i < PAGES; i += 1) pages.push(await createSeat(`page ${i}`, `${url}/strict`, hasPanel));
  const panels: Seat[] = [];
  for (const panel of PANELS) {
    panels.push(await createSeat(panel, `${browser.extension.origin}/${panel}.html`, hasRows));
  }
  return { browser, sources, totals, lasting, pages, panels, changeSettings, close: () => ending.disposeAsync() };
}
