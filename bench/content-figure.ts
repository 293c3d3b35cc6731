/** What the content script costs a page: its size, its time to run, its memory; beside one that does nothing. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { measure as measureSizes } from '../scripts/sizes.ts';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { TestBrowser, TestPage, TraceEvent } from '../tests/browser/driver/test-browser.ts';
import { startDemo } from '../tests/servers/demo.ts';
import { configure, socketFeed, untilLive } from './configure.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { rotate } from './rounds.ts';
import { median } from './statistics.ts';

const ROUNDS = 7;
const AIM_BYTES = 16 * 1_024;
const AIM_MS = 3;
const AIM_HEAP_BYTES = 1_000_000;
/** From the load to the end of the trace, in ms: the panel is there, live, and has drawn some updates. */
const TRACE_MS = 1_500;

interface Sample {
  /** Compiling and running the script until it yields, in ms of its thread. */
  runMs: number;
  /** All calls into the script until {@link TRACE_MS} after the load, in ms of its thread; without compiling. */
  callsMs: number;
  scripts: number;
  dom: number;
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** Of the script with this origin in the page that was loaded. */
function timesIn(events: readonly TraceEvent[], origin: string): Pick<Sample, 'runMs' | 'callsMs'> {
  const of = (name: string): number =>
    sum(
      events.flatMap((event) =>
        event.name === name && event.args.data?.url?.startsWith(origin) ? [(event.tdur ?? 0) / 1_000] : [],
      ),
    );
  return { runMs: of('EvaluateScript') || NaN, callsMs: of('FunctionCall') };
}

/** One page in a new tab. */
async function sample(
  browser: TestBrowser,
  url: string,
  isReady: (page: TestPage) => Promise<unknown>,
): Promise<Sample> {
  const page = await browser.open('about:blank');
  const events = await page.trace(['devtools.timeline'], async () => {
    await page.navigate(url);
    await sleep(TRACE_MS);
  });
  await isReady(page);
  const heap = await page.heapParts();
  await page.close();
  return { ...timesIn(events, browser.extension.origin), ...heap };
}

/** Gzipped as the product's own budget is. */
const gzipBytes = (path: string): number => gzipSync(readFileSync(path), { level: 9 }).length;

const productBytes = (folder: string): number =>
  measureSizes(basename(folder)).find(({ context }) => context === 'content script')?.bytes ?? NaN;

function toFigure(ours: readonly Sample[], empty: readonly Sample[], bytes: { ours: number; empty: number }): Figure {
  const all = (samples: readonly Sample[], field: keyof Sample): number[] => samples.map((one) => one[field]);
  const more = (field: keyof Sample): number => median(all(ours, field)) - median(all(empty, field));
  const kb = (values: readonly number[]): string => fixed(median(values) / 1_000, 0);
  const line = (name: string, samples: readonly Sample[], size: number): string[] => [
    name,
    String(size),
    fixed(median(all(samples, 'runMs')), 2),
    formatRange(all(samples, 'runMs'), 2),
    fixed(median(all(samples, 'callsMs')), 2),
    kb(all(samples, 'scripts')),
    kb(all(samples, 'dom')),
  ];
  const heap = more('scripts') + more('dom');
  return {
    title: 'The content script',
    columns: [
      'script',
      'bytes, gzip',
      'ms to run',
      'rounds',
      `ms of its calls in ${TRACE_MS / 1_000} s`,
      'JavaScript heap, kB',
      'DOM heap, kB',
    ],
    rows: [
      line('nothing but the polyfill', empty, bytes.empty),
      line('Tidings', ours, bytes.ours),
      [
        'aim',
        `at most ${AIM_BYTES}: ${verdict(bytes.ours <= AIM_BYTES)}`,
        `${fixed(more('runMs'), 2)} more, at most ${AIM_MS}: ${verdict(more('runMs') <= AIM_MS)}`,
        '',
        '',
        `${fixed(heap / 1_000, 0)} more with the DOM, at most ${AIM_HEAP_BYTES / 1_000}: ${verdict(heap <= AIM_HEAP_BYTES)}`,
        '',
      ],
    ],
    notes: [
      `${ROUNDS} rounds, each a new tab for either. Time of the page's main thread, by the browser's own trace: compiling and running until the script yields; the calls are timers, frames and messages after that, drawing not included. The bytes are those of the build for the stores. Heaps of the whole page after a collection.`,
    ],
    failures: [],
  };
}

/** Folders of the product, of the extension that does nothing, and of the product as it goes to the stores. */
export interface Folders {
  product: string;
  empty: string;
  stored: string;
}

export async function measureContent({ product, empty, stored }: Folders): Promise<Figure> {
  const demo = await startDemo({ port: 0 });
  const opened: TestBrowser[] = [];
  try {
    const launch = async (extensionDir: string): Promise<TestBrowser> => {
      const browser = await launchBrowser('chromium', { extensionDir });
      opened.push(browser);
      return browser;
    };
    const [withOurs, withEmpty] = [await launch(product), await launch(empty)];
    await configure(withOurs, [socketFeed(demo, '$.running')]);
    // The script of the product is registered by its background: a moment after the settings were written.
    const first = await withOurs.open(`${demo.url}/away`);
    await untilLive(first, 1);
    await first.close();
    const samples: Record<'ours' | 'empty', Sample[]> = { ours: [], empty: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      const both = [
        async () => samples.ours.push(await sample(withOurs, `${demo.url}/away`, (page) => untilLive(page, 1))),
        async () => samples.empty.push(await sample(withEmpty, `${demo.url}/away`, async () => {})),
      ];
      for (const one of rotate(both, round)) await one();
    }
    const bytes = { ours: productBytes(stored), empty: gzipBytes(join(empty, 'content.js')) };
    return toFigure(samples.ours, samples.empty, bytes);
  } finally {
    await Promise.all(opened.map((browser) => browser.close()));
    await demo.close();
  }
}
