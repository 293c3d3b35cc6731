/** What hidden tabs cost: CPU time of whole browsers, all of them measured over the same seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';
import { type Demo, startDemo } from '../tests/servers/demo.ts';
import { cpuMs, readCpuTimes } from './cpu-time.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { median, quantile } from './statistics.ts';
import { createTabs, type Tabs } from './tabs.ts';

const COUNT = 20;
const WINDOWS = 10;
const WINDOW_MS = 4_000;
/**
 * After the last tab was hidden, in ms: sources linger 5 s, and pages are throttled after 10 s. The background stops at
 * 30 s, so that its end is measured too.
 */
const SETTLE_MS = 25_000;
const PER_SECOND = 10;
/** The part of the windows without an extension that a median may not be above. */
const NOISE = 0.75;

interface Running {
  tabs: Tabs;
  browser: TestBrowser;
  pages: TestPage[];
}

/** Starts the browsers and fills them tab by tab, so that all are of one age: an idle browser has work of its own every 30 s. */
async function startAll(all: readonly Tabs[], demo: Demo, running: Running[]): Promise<void> {
  for (const tabs of all) {
    const browser = await launchBrowser('chromium', { extensionDir: tabs.extensionDir });
    running.push({ tabs, browser, pages: [] });
    await tabs.prepare(browser, demo);
  }
  for (let i = 0; i < COUNT; i += 1) {
    for (const { tabs, browser, pages } of running) {
      const page = await browser.open(`${demo.url}${tabs.path}`);
      pages.push(page);
      await tabs.ready(page);
    }
  }
  for (const { pages } of running) await pages.at(-1)?.hide();
}

interface Measured {
  tabs: Tabs;
  /** CPU time of each window, in ms a second. */
  windows: number[];
  /** Updates that all tabs received in all windows together. */
  received: number | null;
}

async function totalReceived({ tabs, pages }: Running): Promise<number | null> {
  const { received } = tabs;
  if (received === null) return null;
  const counts = await Promise.all(pages.map((page) => received(page)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Measures all browsers at once: what disturbs one disturbs the others. */
async function measure(running: readonly Running[]): Promise<Measured[]> {
  const windows: number[][] = running.map(() => []);
  const before = await Promise.all(running.map(totalReceived));
  for (let i = 0; i < WINDOWS; i += 1) {
    const startedAt = performance.now();
    const times = running.map(({ browser }) => readCpuTimes(browser.pid));
    await sleep(WINDOW_MS);
    const seconds = (performance.now() - startedAt) / 1_000;
    running.forEach(({ browser }, index) => {
      const used = cpuMs(times[index] ?? new Map(), readCpuTimes(browser.pid));
      windows[index]?.push(used / seconds);
    });
  }
  const after = await Promise.all(running.map(totalReceived));
  return running.map(({ tabs }, index) => {
    const [from, to] = [before[index] ?? null, after[index] ?? null];
    return { tabs, windows: windows[index] ?? [], received: from === null || to === null ? null : to - from };
  });
}

/** Connections to the sources of Tidings. */
const openSources = ({ state: { events, socket } }: Demo): number => events.connections.now + socket.connections.now;

/** Whether the hidden panels are asleep, with no source open, and not dead: shown again, one has its sources opened. */
async function findUnlike(running: readonly Running[], demo: Demo): Promise<string[]> {
  const awake = openSources(demo);
  if (awake > 0) return [`Tidings: ${awake} sources are open although all tabs are hidden`];
  const page = running.find(({ tabs }) => tabs.kind === 'tidings')?.pages[0];
  await page?.bringToFront();
  const isBack = waitFor('sources', () => openSources(demo) === 2);
  return isBack.then(
    () => [],
    () => ['Tidings: a tab that is shown again opens no sources'],
  );
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function toFigure(measured: readonly Measured[], unlike: readonly string[]): Figure {
  const without = measured.filter(({ tabs }) => tabs.kind === 'none').flatMap(({ windows }) => windows);
  const noiseMs = quantile(without, NOISE);
  const rows = measured.map(({ tabs, windows, received }) => {
    const aims = tabs.kind === 'tidings';
    const ms = median(windows);
    return [
      tabs.name,
      fixed(ms, 2),
      formatRange(windows, 2),
      fixed(mean(windows), 2),
      received === null ? '' : String(received),
      aims ? `at most ${fixed(noiseMs, 2)}` : '',
      aims ? verdict(ms <= noiseMs) : '',
    ];
  });
  const silent = measured.filter(({ received }) => received === 0);
  return {
    title: `${COUNT} hidden tabs`,
    columns: ['in the tabs', 'CPU ms a second, median', 'windows', 'mean', 'updates received', 'aim: within noise', ''],
    rows,
    notes: [
      `${measured.length} browsers at the same time, ${WINDOWS} windows of ${WINDOW_MS / 1_000} s, beginning ${SETTLE_MS / 1_000} s after the last tab was hidden. Sources say ${PER_SECOND} updates a second. CPU time of all processes of the browser.`,
      `An idle browser works by fits and starts: the windows without an extension range over ${formatRange(without, 2)} ms a second. Within noise is a median that is not above their upper quartile, ${fixed(noiseMs, 2)}.`,
    ],
    failures: [...unlike, ...silent.map(({ tabs }) => `${tabs.name}: nothing was received`)],
  };
}

/** `measuring` and `product`: folders of the two extensions. */
export async function measureHidden(measuring: string, product: string): Promise<Figure> {
  const demo = await startDemo({ port: 0 });
  const running: Running[] = [];
  try {
    demo.control('socket', { action: 'rate', perSecond: PER_SECOND });
    demo.control('events', { action: 'rate', perSecond: PER_SECOND });
    await startAll(createTabs(measuring, product), demo, running);
    await sleep(SETTLE_MS);
    const measured = await measure(running);
    return toFigure(measured, await findUnlike(running, demo));
  } finally {
    await Promise.all(running.map(({ browser }) => browser.close()));
    await demo.close();
  }
}
