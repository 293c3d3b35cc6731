/** What many ports cost the background, and what each of them costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '../tests/browser/driver/launch-browser.ts';
import type { TestBrowser } from '../tests/browser/driver/test-browser.ts';
import { startDemo } from '../tests/servers/demo.ts';
import { cpuMs, readCpuTimes } from './cpu-time.ts';
import { type DrivenPage, drivePage } from './driven-page.ts';
import type { Driven } from './extension/driven.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { EXTENSION_PROCESS } from './processes.ts';
import { rotate } from './rounds.ts';
import { median } from './statistics.ts';
import { openWindows } from './windows.ts';

const ROUNDS = 5;
const PER_SECOND = 100;
/** The pages that hold the ports, each in a process of its own. */
const PAGES = 4;
const SETTLE_MS = 700;
const WINDOW_MS = 1_500;
/** Updates a second for which the cost of a port is given; with fewer than half of it a machine measures itself. */
const NOMINAL_PER_SECOND = 10;
const AIM_PORTS = 200;
/** Of one core. */
const AIM_PERCENT = 15;

interface Case {
  by: Driven;
  name: string;
  ports: number;
}

const tidings = (ports: number): Case => ({ by: 'many', name: 'Tidings', ports });
const TIDINGS = [1, 10, 50, AIM_PORTS, 1_000].map(tidings);
const CASES: readonly Case[] = [
  ...TIDINGS,
  { by: 'plain', name: 'raw port, an interval each, one source', ports: AIM_PORTS },
];

declare const bench: { setPace(contender: 'raw' | 'state', perSecond: number): number };

interface Sample {
  /** CPU time of the background's process, in ms a second. */
  load: number;
  /** Updates that each port applied, a second. */
  applied: number;
  backward: number;
}

/** How many of `count` ports the page number `index` holds. */
const shareOf = (count: number, index: number): number => Math.floor((count + PAGES - 1 - index) / PAGES);

async function total(pages: readonly DrivenPage[]): Promise<{ applied: number; backward: number }> {
  const tallies = await Promise.all(pages.map((page) => page.tally()));
  const sum = (field: 'applied' | 'backward'): number => tallies.reduce((all, tally) => all + tally[field], 0);
  return { applied: sum('applied'), backward: sum('backward') };
}

async function sample(browser: TestBrowser, pages: readonly DrivenPage[], { by, ports }: Case): Promise<Sample> {
  const setPace = (perSecond: number): Promise<number> =>
    browser.extension.evaluateInBackground(
      (contender, rate) => bench.setPace(contender, rate),
      by === 'plain' ? ('raw' as const) : ('state' as const),
      perSecond,
    );
  await Promise.all(pages.map((page, index) => page.open({ by, count: shareOf(ports, index) })));
  await setPace(PER_SECOND);
  await sleep(SETTLE_MS);
  const before = await total(pages);
  const startedAt = performance.now();
  const times = readCpuTimes(browser.pid, EXTENSION_PROCESS);
  await sleep(WINDOW_MS);
  const used = cpuMs(times, readCpuTimes(browser.pid, EXTENSION_PROCESS));
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await total(pages);
  await setPace(0);
  await Promise.all(pages.map((page) => page.close()));
  return {
    load: used / seconds,
    applied: (after.applied - before.applied) / seconds / ports,
    backward: after.backward,
  };
}

function toFigure(samples: Map<Case, Sample[]>): Figure {
  const of = (one: Case): Sample[] => samples.get(one) ?? [];
  const perPort = (one: Case): number =>
    median(of(one).map(({ load, applied }) => (load / one.ports / applied) * NOMINAL_PER_SECOND));
  const rows = CASES.map((one) => {
    const { by, name, ports } = one;
    const loads = of(one).map(({ load }) => load / 10);
    const fewer = TIDINGS[TIDINGS.indexOf(one) - 1];
    const aims = [
      ...(by === 'many' && ports === AIM_PORTS
        ? [[`below ${AIM_PERCENT} %`, median(loads) < AIM_PERCENT] as const]
        : []),
      ...(fewer ? [[`at most ${fixed(perPort(fewer), 3)} a port`, perPort(one) <= perPort(fewer)] as const] : []),
    ];
    return [
      name,
      String(ports),
      fixed(median(loads), 2),
      formatRange(loads, 2),
      fixed(median(of(one).map(({ applied }) => applied)), 1),
      fixed(perPort(one), 3),
      aims.map(([words]) => words).join('; '),
      aims.map(([, holds]) => verdict(holds)).join('; '),
    ];
  });
  const failures = CASES.flatMap((one) =>
    of(one).flatMap(({ applied, backward }) => [
      ...(applied < NOMINAL_PER_SECOND / 2
        ? [`${one.name}, ${one.ports} ports: each applied ${fixed(applied, 1)} updates a second`]
        : []),
      ...(backward > 0 ? [`${one.name}, ${one.ports} ports: ${backward} updates came twice or out of order`] : []),
    ]),
  );
  return {
    title: `Many ports, one state feed with ${PER_SECOND} updates a second`,
    columns: [
      'contender',
      'ports',
      'background, % of a core',
      'rounds',
      'updates a second and port',
      `ms a second and port, at ${NOMINAL_PER_SECOND} updates`,
      'aim',
      '',
    ],
    rows,
    notes: [
      `${ROUNDS} rounds of ${WINDOW_MS / 1_000} s each, in one browser with the ports spread over ${PAGES} visible pages. CPU time of the whole process of the background, the source's timer and parsing included. A port gets one batch in 100 ms, with the newest value; the cost of a port is divided by what came, so that a machine that is too slow for so many ports does not make them look cheap.`,
    ],
    failures,
  };
}

export async function measurePorts(extensionDir: string): Promise<Figure> {
  const demo = await startDemo({ port: 0 });
  try {
    const browser = await launchBrowser('chromium', { extensionDir });
    try {
      const windows = await openWindows(browser, `${demo.url}/away?driven`, PAGES);
      const pages = await Promise.all(windows.map(drivePage));
      const samples = new Map<Case, Sample[]>(CASES.map((one) => [one, []]));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const one of rotate(CASES, round)) samples.get(one)?.push(await sample(browser, pages, one));
      }
      return toFigure(samples);
    } finally {
      await browser.close();
    }
  } finally {
    await demo.close();
  }
}
