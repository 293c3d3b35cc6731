/** What an update costs that is shown: CPU time of a browser with visible pages, by the updates that they drew. */
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { type Demo, startDemo } from '../tests/servers/demo.ts';
import { configure, socketFeed, untilLive } from './configure.ts';
import { cpuMs, readCpuTimes } from './cpu-time.ts';
import type { Show, ShownBy } from './extension/show.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { rotate } from './rounds.ts';
import { median } from './statistics.ts';
import { openWindows } from './windows.ts';

const ROUNDS = 5;
const COUNT = 20;
const PER_SECOND = 10;
/** After a change of contenders, in ms. */
const SETTLE_MS = 800;
const WINDOW_MS = 2_000;
/** Part of the updates told that must have been shown. The rest are updates that a busy machine drew together with the next. */
const SHOWN_PART = 0.5;

type Way = 'tidings' | ShownBy | 'nothing';

const NAMES: Record<Way, string> = {
  nothing: 'nothing',
  timer: 'no extension: a timer of the page, one text',
  tidings: 'Tidings, its whole panel',
  stream: "Tidings' stream, one text",
  interval: 'raw port, an interval each, one text',
  polling: 'sendMessage polling, every 100 ms, one text',
};
const WAYS = Object.keys(NAMES) as Way[];
/** What part of these Tidings may take. */
const AIMS: Partial<Record<Way, number>> = { interval: 1 / 2, polling: 1 / 5 };

declare const bench: { show: Show['show'] };

interface Windows {
  browser: TestBrowser;
  pages: TestPage[];
}

/** Runs in the page, on `root`: counts how often what the element says is changed, as text or as an attribute. */
function countChanges(root: ParentNode, selector: string): void {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`Cannot count what "${selector}" shows: it is not there`);
  const counter = globalThis as { changes?: number };
  counter.changes = 0;
  new MutationObserver(() => {
    counter.changes = (counter.changes ?? 0) + 1;
  }).observe(element, { childList: true, attributes: true, attributeFilter: ['data-text'] });
}

async function totalChanges(pages: readonly TestPage[]): Promise<number> {
  const counts = await Promise.all(pages.map((page) => page.evaluate<[], number>('changes')));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The windows of the product, each with its panel. */
async function openPanels(extensionDir: string, demo: Demo, opened: TestBrowser[]): Promise<Windows> {
  const browser = await launchBrowser('chromium', { extensionDir });
  opened.push(browser);
  // Between its turns the source says nothing, which must not make it open anew.
  await configure(browser, [socketFeed(demo, '$.n', 3_600_000)]);
  const pages = await openWindows(browser, `${demo.url}/away?panel`, COUNT);
  for (const page of pages) {
    await untilLive(page, 1);
    await page.inShadows(`([, rows], ...args) => (${countChanges.toString()})(rows, ...args)`, '.value');
  }
  return { browser, pages };
}

/** The windows of the contenders. */
async function openTexts(extensionDir: string, demo: Demo, opened: TestBrowser[]): Promise<Windows> {
  const browser = await launchBrowser('chromium', { extensionDir });
  opened.push(browser);
  const pages = await openWindows(browser, `${demo.url}/away?show`, COUNT);
  for (const page of pages) {
    await page.waitFor('text', 'document.querySelector("#shown") !== null');
    await page.evaluate(`(${countChanges.toString()})(document, "#shown")`);
  }
  return { browser, pages };
}

interface Sample {
  /** CPU time of the browser, in ms a second. */
  load: number;
  /** Updates that all pages drew, a second. */
  shown: number;
}

async function sample({ browser, pages }: Windows): Promise<Sample> {
  await sleep(SETTLE_MS);
  const changes = await totalChanges(pages);
  const startedAt = performance.now();
  const times = readCpuTimes(browser.pid);
  await sleep(WINDOW_MS);
  const used = cpuMs(times, readCpuTimes(browser.pid));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { load: used / seconds, shown: ((await totalChanges(pages)) - changes) / seconds };
}

/** Both browsers stay open; what is not measured shows nothing. */
async function measureAll(panels: Windows, texts: Windows, demo: Demo): Promise<Record<Way, Sample[]>> {
  const samples: Record<Way, Sample[]> = { nothing: [], timer: [], tidings: [], stream: [], interval: [], polling: [] };
  const tell = (perSecond: number): void => demo.control('socket', { action: 'rate', perSecond });
  const show = (by: ShownBy | null): Promise<void> =>
    texts.browser.extension.evaluateInBackground((name) => bench.show(name), by);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of rotate(WAYS, round)) {
      if (way === 'tidings') tell(PER_SECOND);
      else if (way !== 'nothing') await show(way);
      samples[way].push(await sample(way === 'tidings' ? panels : texts));
      if (way === 'tidings') tell(0);
      else await show(null);
    }
  }
  return samples;
}

function toFigure(samples: Record<Way, Sample[]>): Figure {
  const each = (way: Way): number[] => (way === 'nothing' ? [] : samples[way].map(({ load, shown }) => load / shown));
  const ofTidings = median(each('tidings'));
  const ofDrawing = median(each('timer'));
  const idle = median(samples.nothing.map(({ load }) => load));
  const rows = WAYS.map((way) => {
    const part = AIMS[way];
    const ms = median(each(way));
    const shown = median(samples[way].map((one) => one.shown));
    return [
      NAMES[way],
      fixed(median(samples[way].map(({ load }) => load)), 0),
      fixed(shown, 0),
      way === 'nothing' ? '' : fixed(ms, 3),
      way === 'nothing' ? '' : formatRange(each(way), 3),
      way === 'nothing' || way === 'timer' ? '' : fixed(ms - ofDrawing, 3),
      part === undefined ? '' : `${fixed(ms * part, 3)} (${part} of this)`,
      part === undefined ? '' : verdict(ofTidings <= ms * part),
    ];
  });
  const told = COUNT * PER_SECOND;
  const failures = WAYS.flatMap((way) =>
    samples[way].flatMap(({ shown }) =>
      way === 'nothing' || shown >= told * SHOWN_PART
        ? []
        : [`${NAMES[way]}: ${fixed(shown, 0)} updates a second were shown, ${told} were told`],
    ),
  );
  return {
    title: `An update shown on ${COUNT} visible pages, ${PER_SECOND} a second each`,
    columns: [
      'what shows',
      'CPU ms a second',
      'updates shown a second',
      'CPU ms an update shown',
      'rounds',
      'above drawing alone',
      'aim: Tidings at most',
      '',
    ],
    rows,
    notes: [
      `${ROUNDS} rounds of ${WINDOW_MS / 1_000} s each, one after the other, in two browsers with ${COUNT} windows. CPU time of all processes of the browser; nothing is taken off for what it uses when nothing is shown (${fixed(idle, 0)} ms a second).`,
      `Drawing alone is a text that a timer of the page writes, with no extension: ${fixed(ofDrawing, 3)} ms an update. What shows the same text cannot cost less, whatever brings it.`,
    ],
    failures,
  };
}

/** `measuring` and `product`: folders of the two extensions. */
export async function measureShown(measuring: string, product: string): Promise<Figure> {
  const demo = await startDemo({ port: 0 });
  const opened: TestBrowser[] = [];
  try {
    const panels = await openPanels(product, demo, opened);
    const texts = await openTexts(measuring, demo, opened);
    demo.control('socket', { action: 'rate', perSecond: 0 });
    return toFigure(await measureAll(panels, texts, demo));
  } finally {
    await Promise.all(opened.map((browser) => browser.close()));
    await demo.close();
  }
}
