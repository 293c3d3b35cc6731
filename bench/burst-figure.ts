/** How fast a burst of an event feed arrives whole. */
import type { Contender } from './extension/messages.ts';
import type { BurstSample, Measure } from './extension/measure.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { withMeasuringBrowser } from './measuring-browser.ts';
import { rotate } from './rounds.ts';
import { median } from './statistics.ts';

const ROUNDS = 5;
const UPDATES = 20_000;
/** How many times the rate of a raw port a stream is to reach. */
const AIM = 10;

interface Way {
  name: string;
  contender: Contender;
  everyMs: number;
}

const RAW: Way = { name: 'raw port, one postMessage an update', contender: 'raw', everyMs: 0 };
const WAYS: readonly Way[] = [
  RAW,
  { name: 'Tidings, every 100 ms', contender: 'event', everyMs: 100 },
  { name: 'Tidings, every 16 ms', contender: 'event', everyMs: 16 },
  { name: 'sendMessage polling, every 100 ms', contender: 'polling', everyMs: 100 },
];

interface Case {
  way: Way;
  /** In how many tasks of the background the burst comes. */
  tasks: number;
}

const TASKS = [1, 40] as const;
const CASES: readonly Case[] = TASKS.flatMap((tasks) => WAYS.map((way) => ({ way, tasks })));

declare const bench: { burst: Measure['burst'] };

const measureRound = (extensionDir: string, round: number): Promise<Map<Case, BurstSample>> =>
  withMeasuringBrowser(extensionDir, async (extension) => {
    const samples = new Map<Case, BurstSample>();
    for (const one of rotate(CASES, round)) {
      const { way, tasks } = one;
      const sample = await extension.evaluateInBackground(
        (name, options) => bench.burst(name, options),
        way.contender,
        { everyMs: way.everyMs, count: UPDATES, tasks },
      );
      samples.set(one, sample);
    }
    return samples;
  });

/** Counts and order are checked in the page; the time is from the first update to hearing that the last was applied. */
export async function measureBursts(extensionDir: string): Promise<Figure> {
  const rounds: Map<Case, BurstSample>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound(extensionDir, round));

  const times = (one: Case): number[] => rounds.map((round) => round.get(one)?.ms ?? NaN);
  const rawOf = ({ tasks }: Case): Case =>
    CASES.find((other) => other.way === RAW && other.tasks === tasks) ?? { way: RAW, tasks };
  const rows = CASES.map((one) => {
    const ms = median(times(one));
    const ratio = median(times(rawOf(one))) / ms;
    const aims = one.way.contender === 'event';
    return [
      one.way.name,
      String(one.tasks),
      fixed(ms, 1),
      formatRange(times(one), 1),
      fixed((UPDATES / ms) * 1_000, 0),
      fixed(ratio, 2),
      aims ? `${AIM} or more` : '',
      aims ? verdict(ratio >= AIM) : '',
    ];
  });
  const failures = rounds.flatMap((round) =>
    [...round].flatMap(([{ way, tasks }, { ms, count, isInOrder }]) =>
      ms !== null && count === UPDATES && isInOrder
        ? []
        : [`${way.name}, ${tasks} tasks: ${count} of ${UPDATES} updates, ${isInOrder ? 'in' : 'out of'} order`],
    ),
  );
  return {
    title: `A burst of ${UPDATES} updates of an event feed`,
    columns: ['contender', 'tasks', 'ms, median', 'rounds', 'updates a second', 'times the raw port', 'aim', ''],
    rows,
    notes: [
      `${ROUNDS} rounds in ${ROUNDS} browsers; in each burst of each contender all ${UPDATES} were applied, once and in order${failures.length === 0 ? '' : ' but for those below'}.`,
    ],
    failures,
  };
}
