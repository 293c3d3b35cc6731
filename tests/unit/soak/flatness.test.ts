import { expect, test } from 'vitest';
import { cutIntoThirds, judgeFlatness } from '../../soak/flatness.ts';

test.each([
  { minutes: 3, first: 1, middle: 1, last: 1 },
  { minutes: 10, first: 4, middle: 3, last: 3 },
  { minutes: 60, first: 20, middle: 20, last: 20 },
])('$minutes minutes have thirds of $first, $middle and $last', ({ minutes, ...thirds }) => {
  expect(cutIntoThirds(minutes)).toEqual(thirds);
});

test.each([
  {
    what: 'growth in the first third counts for nothing',
    values: [1, 50, 100, 100, 100, 100],
    growth: 0,
    isFlat: true,
  },
  { what: 'less is flat', values: [100, 100, 90], growth: -0.1, isFlat: true },
  { what: '3 % more is flat', values: [0, 100, 103], growth: 0.03, isFlat: true },
  { what: 'more than that is not', values: [0, 1000, 1031], growth: 0.031, isFlat: false },
  { what: 'one high minute of three is no growth', values: [0, 0, 0, 9, 9, 9, 9, 99, 9], growth: 0, isFlat: true },
  { what: 'nothing and then nothing is flat', values: [0, 0, 0], growth: 0, isFlat: true },
  { what: 'something where there was nothing is not', values: [0, 0, 1], growth: Infinity, isFlat: false },
])('$what', ({ values, growth, isFlat }) => {
  const judged = judgeFlatness(values);
  expect(judged.growth).toBeCloseTo(growth);
  expect(judged.isFlat).toBe(isFlat);
});
