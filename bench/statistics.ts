const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** The middle value, or the mean of the two in the middle; NaN of nothing, and when one of them is NaN. */
export function median(values: readonly number[]): number {
  if (values.some(Number.isNaN)) return NaN;
  const ordered = sorted(values);
  const middle = (ordered.length - 1) / 2;
  return ((ordered[Math.floor(middle)] ?? NaN) + (ordered[Math.ceil(middle)] ?? NaN)) / 2;
}

/** The smallest value that at least a part `p` (0 to 1) of all values does not exceed: never between two, so never below a measured one. */
export const quantile = (values: readonly number[], p: number): number =>
  sorted(values)[Math.max(0, Math.ceil(values.length * p) - 1)] ?? NaN;

/** Smallest and largest value. */
export const rangeOf = (values: readonly number[]): [min: number, max: number] => [
  Math.min(...values),
  Math.max(...values),
];
