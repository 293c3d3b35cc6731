/** How long a single update takes from the background to the page after a quiet time. */
import type { Contender } from './extension/messages.ts';
import type { Measure, UpdateSample } from './extension/measure.ts';
import { type Figure, fixed, formatRange, verdict } from './figure.ts';
import { withMeasuringBrowser } from './measuring-browser.ts';
import { rotate } from './rounds.ts';
import { median, quantile } from './statistics.ts';

const ROUNDS = 5;
/** Updates of each contender in a round. Polling takes 50 ms more or less, whatever is measured. */
const UPDATES: Record<Contender, number> = { raw: 40, put: 40, state: 40, event: 40, polling: 10 };
/** Longer than the interval of the stream, so that its producer is at rest, in ms. */
const QUIET_MS = 120;
const EVERY_MS = 100;
/** What a stream may take above the round trip of a raw port, in ms. */
const ROUND_TRIP_AIM_MS = 3;
/** What it may take above a raw port's one-way time, in ms: at the median, and at the 99th percentile. */
const MEDIAN_AIM_MS = 1;
const P99_AIM_MS = 5;

const CONTENDERS: Record<Contender, string> = {
  raw: 'raw port',
  put: 'raw port after one IndexedDB put',
  state: 'Tidings, state feed',
  event: 'Tidings, event feed (written first)',
  polling: 'sendMessage polling, every 100 ms',
};

const ALL = Object.keys(CONTENDERS) as Contender[];

declare const bench: { update: Measure['update'] };

type Round = Record<Contender, UpdateSample[]>;

const measureRound = (extensionDir: string, round: number): Promise<Round> =>
  withMeasuringBrowser(extensionDir, async (extension) => {
    const samples: Partial<Round> = {};
    for (const contender of rotate(ALL, round)) {
      samples[contender] = await extension.evaluateInBackground(
        (name, options) => bench.update(name, options),
        contender,
        { everyMs: EVERY_MS, count: UPDATES[contender], quietMs: QUIET_MS },
      );
    }
    return samples as Round;
  });

const exchangeMs = ({ sentAt, answeredAt }: UpdateSample): number => answeredAt - sentAt;
/** How much the page's clock is ahead, if a raw port takes as long there as back. */
const aheadMs = ({ sentAt, appliedAt, answeredAt }: UpdateSample): number =>
  (appliedAt - sentAt - (answeredAt - appliedAt)) / 2;

/**
 * Every update is answered on a raw port the moment it is applied. What a contender takes there is its exchange less the
 * way back, which is half the raw port's exchange: one clock tells it all.
 */
export async function measureUpdates(extensionDir: string): Promise<Figure> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound(extensionDir, round));

  const medians = (contender: Contender): number[] => rounds.map((round) => median(round[contender].map(exchangeMs)));
  const roundTripMs = median(medians('raw'));
  const backMs = roundTripMs / 2;
  const there = (contender: Contender): number[] => medians(contender).map((ms) => ms - backMs);
  const p99 = (contender: Contender): number =>
    quantile(
      rounds.flatMap((round) => round[contender].map(exchangeMs)),
      0.99,
    ) - backMs;
  const rawMs = median(there('raw'));
  const rawP99Ms = p99('raw');
  const rows = ALL.map((contender) => {
    const ms = median(there(contender));
    const isRaw = contender === 'raw';
    const aims = contender === 'state' || contender === 'event';
    return [
      CONTENDERS[contender],
      fixed(ms, 2),
      formatRange(there(contender), 2),
      isRaw ? '' : fixed(ms - rawMs, 2),
      aims ? verdict(ms - rawMs <= MEDIAN_AIM_MS) : '',
      aims ? verdict(ms <= roundTripMs + ROUND_TRIP_AIM_MS) : '',
      fixed(p99(contender), 2),
      isRaw ? '' : fixed(p99(contender) - rawP99Ms, 2),
      aims ? verdict(p99(contender) - rawP99Ms <= P99_AIM_MS) : '',
    ];
  });
  const ahead = rounds.map((round) => median(round.raw.map(aheadMs)));
  const byTwoClocks = (contender: Contender): string => {
    const ms = median(
      rounds.map((round, i) => median(round[contender].map((one) => one.appliedAt - one.sentAt)) - (ahead[i] ?? 0)),
    );
    return `${CONTENDERS[contender]} ${fixed(ms, 2)}`;
  };
  return {
    title: 'A single update after quiet',
    columns: [
      'contender',
      'ms, median of rounds',
      'rounds',
      'over raw port',
      `aim: ${MEDIAN_AIM_MS} at most`,
      `aim: ${fixed(roundTripMs + ROUND_TRIP_AIM_MS, 2)} at most`,
      'ms, p99 of all',
      'over raw port',
      `aim: ${P99_AIM_MS} at most`,
    ],
    rows,
    notes: [
      `${ROUNDS} rounds in ${ROUNDS} browsers, ${UPDATES.event} updates of each contender a round (polling ${UPDATES.polling}), ${QUIET_MS} to ${QUIET_MS * 1.5} ms apart. The raw port's round trip: ${fixed(roundTripMs, 2)} ms (${formatRange(medians('raw'), 2)}); ${ROUND_TRIP_AIM_MS} ms over that is the aim in the middle.`,
      `Check with both clocks: the page's is ahead by ${formatRange(ahead, 2)} ms; less that, the medians are ${ALL.map(byTwoClocks).join(', ')}.`,
    ],
    failures: [],
  };
}
