import type { Point } from './feed-model';
import type { Shown } from './shorten';
import type { Translate } from './words';

const STEPS = [
  [86_400_000, 'feed.days'],
  [3_600_000, 'feed.hours'],
  [60_000, 'feed.minutes'],
  [1_000, 'feed.seconds'],
] as const;

/** From here on a number is written short, as "1.235B": a row would cut it, and a number cut short looks smaller. */
const LARGE = 1e9;

/** From here on, and below {@link TINY}, a number is written with an exponent: it has no short name, or would look like 0. */
const HUGE = 1e15;
const TINY = 1e-3;

export interface Format {
  /** A value as text. Numbers have three decimals at most. */
  value(value: Shown): string;
  /** "▲ +3" or "▼ −3"; empty for `null` and 0. */
  change(change: number | null): string;
  /** "now", "5 s", "3 min", "2 h", "4 d". Less than a second, and a negative age, is "now". */
  age(ageMs: number): string;
  /** "14:03:22", of epoch ms; with the date where `now` is given and of another day. */
  time(at: number, now?: number): string;
  /** A sparkline in words, "12 to 19 in 5 min, now 18"; empty for fewer than two points. */
  trend(points: readonly Point[]): string;
}

/**
 * Makes the functions that turn what is shown into words. They give text, never markup.
 * @param locale of numbers and times; default the browser's
 */
export function createFormat(t: Translate, locale?: string): Format {
  const styles: Partial<Record<'compact' | 'scientific', Intl.NumberFormat>> = {};
  // Each is made when it is needed: the first of a page takes 10 ms and more.
  const number = (x: number): string => {
    const size = Math.abs(x);
    const notation = size >= HUGE || (size < TINY && size) ? 'scientific' : size < LARGE ? null : 'compact';
    return notation
      ? (styles[notation] ??= new Intl.NumberFormat(locale, { notation, maximumSignificantDigits: 6 })).format(x)
      : // `|| 0`: a zero may be negative, and would be written so.
        (x || 0).toLocaleString(locale);
  };
  const age = (ageMs: number): string => {
    const step = STEPS.find(([stepMs]) => ageMs >= stepMs);
    return step ? t(step[1], [number(Math.floor(ageMs / step[0]))]) : t('feed.now');
  };
  return {
    age,
    value: (x) => (typeof x === 'number' ? number(x) : typeof x === 'string' ? x : t(`feed.${x}`)),
    change: (x) => (x ? (x > 0 ? '▲ +' : '▼ −') + number(Math.abs(x)) : ''),
    // Not Intl.DateTimeFormat: it throws for a time that no calendar holds.
    time(at, now = at) {
      const date = new Date(at);
      const isSameDay = date.toDateString() === new Date(now).toDateString();
      return isSameDay ? date.toLocaleTimeString(locale) : date.toLocaleString(locale);
    },
    trend(points) {
      const [first] = points;
      const last = points.at(-1);
      if (!first || !last || first === last) return '';
      const values = points.map(({ value }) => value);
      const spanMs = Math.max(1_000, last.at - first.at);
      return t('feed.trend', [
        number(Math.min(...values)),
        number(Math.max(...values)),
        age(spanMs),
        number(last.value),
      ]);
    },
  };
}
