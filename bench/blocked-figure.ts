/** What piles up for a page that is blocked, and how long it takes to have the newest value after that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';
import { type Demo, startDemo } from '../tests/servers/demo.ts';
import { drivePage } from './driven-page.ts';
import type { Tally } from './extension/driven.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { createMemoryReader, type Memory } from './memory.ts';
import { rotate } from './rounds.ts';
import { median } from './statistics.ts';

const ROUNDS = 5;
const PER_SECOND = 2_000;
const BLOCK_MS = 5_000;
/** Updates flow this long before the block, in ms, so that what a busy page needs anyway is there. */
const FLOW_MS = 1_000;
/** How long before the end of the block its memory is read, in ms. */
const READ_BEFORE_MS = 250;
/** Part of the raw port's growth. */
const AIM_PART = 0.1;
const AIM_MS = 200;

type Way = 'raw' | 'state' | 'event';

const NAMES: Record<Way, string> = {
  raw: 'raw port',
  state: 'Tidings, state feed',
  event: 'Tidings, event feed',
};
const WAYS = Object.keys(NAMES) as Way[];

declare const bench: { setPace(contender: Way, perSecond: number): number };

interface Sample {
  /** Bytes more near the end of the block than at its beginning. */
  growth: Memory;
  /** Most bytes of the pages from there until the newest value, over those at the beginning of the block. */
  peak: number;
  caughtUpMs: number;
  /** Updates told, of which the page got all that were still to come to it. */
  told: number;
  tally: Tally;
}

const less = (a: Memory, b: Memory): Memory => ({
  pages: a.pages - b.pages,
  background: a.background - b.background,
  browser: a.browser - b.browser,
});

async function sample(extensionDir: string, demo: Demo, way: Way): Promise<Sample> {
  const browser = await launchBrowser('chromium', { extensionDir });
  try {
    const page = await drivePage(await browser.open(`${demo.url}/away?driven`));
    await page.open({ by: way, count: 1 });
    const setPace = (perSecond: number): Promise<number> =>
      browser.extension.evaluateInBackground((name, rate) => bench.setPace(name, rate), way, perSecond);
    await setPace(PER_SECOND);
    await sleep(FLOW_MS);
    const readMemory = createMemoryReader(browser.pid);

    const before = readMemory();
    const block = page.block(BLOCK_MS);
    await sleep(BLOCK_MS - READ_BEFORE_MS);
    const end = readMemory();
    await block;
    let peak = end.pages;
    const caughtUp = await waitFor(
      'newest value',
      async () => {
        peak = Math.max(peak, readMemory().pages);
        const tally = await page.tally();
        return tally.caughtUpMs === null ? null : { ms: tally.caughtUpMs };
      },
      { limitMs: 30_000, everyMs: 10 },
    );
    const told = await setPace(0);
    await waitFor('last value', async () => (await page.tally()).newest === told, { limitMs: 30_000 });
    return {
      growth: less(end, before),
      peak: peak - before.pages,
      caughtUpMs: caughtUp?.ms ?? NaN,
      told,
      tally: await page.tally(),
    };
  } finally {
    await browser.close();
  }
}

const mib = (bytes: number): string => fixed(bytes / 1_024 ** 2, 2);
const mibs = (values: readonly number[]): string =>
  formatRange(
    values.map((bytes) => bytes / 1_024 ** 2),
    2,
  );

function failuresOf(way: Way, { tally, told }: Sample): string[] {
  const { applied, jumps, backward } = tally;
  if (backward > 0) return [`${NAMES[way]}: ${backward} updates came twice or out of order`];
  // A state feed leaves out what is no longer the newest.
  if (way === 'state' || (jumps === 0 && applied === told)) return [];
  return [`${NAMES[way]}: ${applied} of ${told} updates were applied`];
}

function toFigure(samples: Record<Way, Sample[]>): Figure {
  const growths = (way: Way): number[] => samples[way].map(({ growth }) => growth.pages);
  const limit = median(growths('raw')) * AIM_PART;
  const rows = WAYS.map((way) => {
    const growth = median(growths(way));
    const caughtUpMs = samples[way].map((one) => one.caughtUpMs);
    const part = (name: keyof Memory): string => mib(median(samples[way].map((one) => one.growth[name])));
    const aims = way !== 'raw';
    return [
      NAMES[way],
      mib(growth),
      mibs(growths(way)),
      mib(median(samples[way].map(({ peak }) => peak))),
      part('browser'),
      part('background'),
      aims ? `at most ${mib(limit)}` : '',
      aims ? verdict(growth <= limit) : '',
      fixed(median(caughtUpMs), 0),
      formatRange(caughtUpMs, 0),
      aims ? `at most ${AIM_MS}` : '',
      aims ? verdict(median(caughtUpMs) <= AIM_MS) : '',
    ];
  });
  return {
    title: `A page blocked for ${BLOCK_MS / 1_000} s under ${PER_SECOND} updates a second`,
    columns: [
      'contender',
      'page grows by, MiB',
      'rounds',
      'at its peak after',
      'browser process grows by',
      'background grows by',
      'aim',
      '',
      'ms to the newest value',
      'rounds',
      'aim',
      '',
    ],
    rows,
    notes: [
      `${ROUNDS} rounds, each contender in a browser of its own. Memory not backed by a file, ${READ_BEFORE_MS} ms before the end of the block less that at its beginning; the peak is of the page, until it has the newest value.`,
    ],
    failures: WAYS.flatMap((way) => samples[way].flatMap((one) => failuresOf(way, one))),
  };
}

export async function measureBlocked(extensionDir: string): Promise<Figure> {
  const demo = await startDemo({ port: 0 });
  try {
    const samples: Record<Way, Sample[]> = { raw: [], state: [], event: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of rotate(WAYS, round)) samples[way].push(await sample(extensionDir, demo, way));
    }
    return toFigure(samples);
  } finally {
    await demo.close();
  }
}
