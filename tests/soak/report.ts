/** What a soak came to, in words. */
import { type Figure, fixed, toMarkdown, verdict } from '../../bench/figure.ts';
import { judgeFlatness, MAX_GROWTH } from './flatness.ts';
import type { Measured } from './measure.ts';
import type { SoakResult } from './run-soak.ts';

const inMegabytes = (bytes: number): string => fixed(bytes / 1_000_000, 3);
const asCount = (count: number): string => fixed(count, Number.isInteger(count) ? 0 : 1);

/** What is measured, how it is named and how shown. */
const QUANTITIES: readonly [key: keyof Measured, name: string, show: (value: number) => string][] = [
  ['background', 'background, heap MB', inMegabytes],
  ['page', 'a page, heap MB', inMegabytes],
  ['connections', 'source connections', asCount],
  ['fewestTimers', 'timers due, fewest at once', asCount],
  ['mostTimers', 'timers due, most at once', asCount],
  ['ports', 'ports', asCount],
];

/** The values of one quantity, one a minute; `null` where the browser does not tell. */
function valuesOf(measured: readonly Measured[], key: keyof Measured): number[] | null {
  const values = measured.map((minute) => minute[key]);
  return values.every((value) => value !== null) ? values : null;
}

/** Each quantity by thirds, and whether it is flat. */
function flatnessFigure({ measured, failures }: SoakResult): Figure {
  return {
    title: 'Held after each minute',
    columns: [
      '',
      'first third',
      'middle third',
      'last third',
      'last over middle',
      `aim: ${MAX_GROWTH * 100} % at most`,
    ],
    rows: QUANTITIES.map(([key, name, show]) => {
      const values = valuesOf(measured, key);
      if (values === null) return [name, '', '', '', '', 'not told by this browser'];
      const { first, middle, last, growth, isFlat } = judgeFlatness(values);
      return [name, show(first), show(middle), show(last), `${fixed(growth * 100, 2)} %`, verdict(isFlat)];
    }),
    notes: [],
    failures,
  };
}

/** Each minute. */
const minutesFigure = ({ measured }: SoakResult): Figure => ({
  title: 'Minute by minute',
  columns: ['minute', ...QUANTITIES.map(([, name]) => name)],
  rows: measured.map((minute, index) => [
    String(index + 1),
    ...QUANTITIES.map(([key, , show]) => {
      const value = minute[key];
      return value === null ? '' : show(value);
    }),
  ]),
  notes: [],
  failures: [],
});

/** What was applied, beside the sources' own records. */
const wholenessFigure = ({ feeds, documents, evicted, faults }: SoakResult): Figure => ({
  title: 'Applied, against what the sources told',
  columns: [
    'feed',
    'applied',
    'lost',
    'twice or out of order',
    'shown as lost',
    'again by a new script',
    'told to nobody',
  ],
  rows: Array.from(feeds, ([feed, { applied, lost, again, shownLost, repeated, unsent }]) =>
    [feed, applied, lost, again, shownLost, repeated, unsent].map(String),
  ),
  notes: [
    `In ${documents} documents, of which ${evicted} did not come back from the browser's cache. "Told to nobody": by the WebSocket while it was not connected or kept silent; it cannot send that again.`,
    `Faults: ${Array.from(faults, ([name, count]) => `${name} ${count}`).join('; ')}.`,
  ],
  failures: [],
});

/** One line for what a minute came to. */
export const minuteLine = (minute: number, measured: Measured): string =>
  [
    `minute ${minute}`,
    ...QUANTITIES.map(([key, name, show]) => {
      const value = measured[key];
      return `${name} ${value === null ? '-' : show(value)}`;
    }),
  ].join(' · ');

/** Whether nothing was lost in silence, twice or out of order, and nothing failed. */
export const isWhole = ({ feeds, failures }: SoakResult): boolean =>
  failures.length === 0 &&
  [...feeds.values()].every(({ applied, lost, again }) => applied > 0 && lost === 0 && again === 0);

/** All of it as Markdown. */
export const soakMarkdown = (result: SoakResult): string =>
  [flatnessFigure(result), minutesFigure(result), wholenessFigure(result)].map(toMarkdown).join('\n\n');
