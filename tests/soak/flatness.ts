import { median } from '../../bench/statistics.ts';

/** What the last third's median may be over the middle third's: 3 %. */
export const MAX_GROWTH = 0.03;

/** Fewest minutes that can be cut into thirds. */
export const MIN_MINUTES = 3;

/** How many minutes each part has. What cannot be divided goes to the first, which is not compared. */
export interface Thirds {
  first: number;
  middle: number;
  last: number;
}

export function cutIntoThirds(minutes: number): Thirds {
  const third = Math.floor(minutes / 3);
  return { first: minutes - 2 * third, middle: third, last: third };
}

/** The medians of the parts, how much the last is over the middle one (negative: under it), and whether that is flat. */
export interface Flatness {
  first: number;
  middle: number;
  last: number;
  growth: number;
  isFlat: boolean;
}

/** Judges one value a minute. */
export function judgeFlatness(values: readonly number[]): Flatness {
  const thirds = cutIntoThirds(values.length);
  const first = median(values.slice(0, thirds.first));
  const middle = median(values.slice(thirds.first, thirds.first + thirds.middle));
  const last = median(values.slice(thirds.first + thirds.middle));
  // Of nothing, nothing more is no growth.
  const growth = last === middle ? 0 : last / middle - 1;
  return { first, middle, last, growth, isFlat: last <= middle * (1 + MAX_GROWTH) };
}
