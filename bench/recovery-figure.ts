/** How long a page goes without updates when its background is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AppliedBatch, numbersFeed, recordApplied, takeApplied } from '../tests/browser/applied.ts';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { BrowserName, TestBrowser, TestPage } from '../tests/browser/driver/test-browser.ts';
import { waitFor } from '../tests/browser/driver/wait-for.ts';
import { type Demo, startDemo } from '../tests/servers/demo.ts';
import { configure } from './configure.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { rotate } from './rounds.ts';
import { median, rangeOf } from './statistics.ts';

const ROUNDS = 5;
const KILLS = 5;
const PER_SECOND = 100;
/** How long the page streams before a kill, in ms, and up to half as much again: no browser stops a background sooner. */
const STREAM_MS = 1_500;
const LIMIT_MS = 20_000;

const AIM_MS: Record<BrowserName, number> = { chromium: 100, firefox: 300 };
const BROWSERS = Object.keys(AIM_MS) as BrowserName[];

interface Way {
  name: string;
  /** The build that tells the page what it applied. */
  extensionDir: Record<BrowserName, string>;
  isTidings: boolean;
}

interface Case {
  browser: BrowserName;
  way: Way;
}

interface Sample {
  recoveriesMs: number[];
  /** Numbers that were not applied, came twice or out of order. */
  wrong: number;
}

const numbersOf = (batches: readonly AppliedBatch[]): number[] =>
  batches.flatMap(({ updates }) => updates.map(({ value }) => Number(value)));

/** Kills the background again and again. A page's time and ours are one clock's. */
async function measurePage(page: TestPage, browser: TestBrowser, demo: Demo): Promise<Sample> {
  const { record } = demo.events;
  const applied: number[] = [];
  const recoveriesMs: number[] = [];
  const look = async (): Promise<AppliedBatch[]> => {
    const batches = await takeApplied(page);
    applied.push(...numbersOf(batches));
    return batches;
  };
  await recordApplied(page);
  demo.control('events', { action: 'rate', perSecond: PER_SECOND });
  await waitFor('the first numbers', async () => (await look()).length > 0, { limitMs: LIMIT_MS });
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(STREAM_MS * (1 + Math.random() / 2));
    await look();
    const at = Date.now();
    await browser.extension.killBackground();
    const { newest } = record;
    const next = await waitFor(
      'the next update',
      async () => {
        const later = (await look()).find((batch) => (numbersOf([batch]).at(-1) ?? 0) > newest);
        if (later === undefined) throw new Error(`applied up to ${applied.at(-1)} of ${newest}`);
        return later;
      },
      { limitMs: LIMIT_MS, everyMs: 20 },
    );
    recoveriesMs.push(next.appliedAt - at);
  }
  const wrong = applied.filter((n, index) => index > 0 && n !== (applied[index - 1] ?? 0) + 1).length;
  return { recoveriesMs, wrong };
}

async function measureCase({ browser: name, way }: Case): Promise<Sample> {
  const demo = await startDemo({ port: 0 });
  try {
    const browser = await launchBrowser(name, { extensionDir: way.extensionDir[name] });
    try {
      if (way.isTidings) await configure(browser, [numbersFeed(demo)]);
      return await measurePage(await browser.open(`${demo.url}/away`), browser, demo);
    } finally {
      await browser.close();
    }
  } finally {
    await demo.close();
  }
}

/** `product` and `reconnect`: folders of the two extensions, by browser. */
export async function measureRecovery(product: Record<BrowserName, string>, reconnect: string): Promise<Figure> {
  const ways: Way[] = [
    { name: 'Tidings', extensionDir: product, isTidings: true },
    {
      name: 'raw port, opened again after 1 s',
      extensionDir: { chromium: reconnect, firefox: reconnect },
      isTidings: false,
    },
  ];
  const cases = BROWSERS.flatMap((browser) => ways.map((way): Case => ({ browser, way })));
  const samples = new Map<Case, Sample[]>(cases.map((one) => [one, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const one of rotate(cases, round)) samples.get(one)?.push(await measureCase(one));
  }

  const rows = cases.map((one) => {
    const rounds = samples.get(one) ?? [];
    const medians = rounds.map(({ recoveriesMs }) => median(recoveriesMs));
    const ms = median(medians);
    const [, worst] = rangeOf(rounds.flatMap(({ recoveriesMs }) => recoveriesMs));
    const aimMs = AIM_MS[one.browser];
    return [
      one.browser,
      one.way.name,
      fixed(ms, 0),
      formatRange(medians, 0),
      fixed(worst, 0),
      one.way.isTidings ? `${aimMs} or less` : '',
      one.way.isTidings ? verdict(ms <= aimMs) : '',
    ];
  });
  const failures = cases.flatMap((one) => {
    const wrong = (samples.get(one) ?? []).reduce((sum, sample) => sum + sample.wrong, 0);
    return one.way.isTidings && wrong > 0
      ? [`${one.browser}: at ${wrong} places an update was lost, came twice or out of order`]
      : [];
  });
  return {
    title: 'The background is killed',
    columns: ['browser', 'contender', 'ms to the next update, median', 'rounds', 'worst of all', 'aim', ''],
    rows,
    notes: [
      `${ROUNDS} rounds in as many browsers, ${KILLS} kills in each, ${STREAM_MS / 1_000} s or more after the last. The source, an event stream over the network, tells ${PER_SECOND} updates a second. Tidings lost none of them, and gave none twice${failures.length === 0 ? '' : ' but for those below'}; the raw port loses what is told meanwhile.`,
    ],
    failures,
  };
}
