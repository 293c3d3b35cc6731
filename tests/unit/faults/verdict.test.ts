import { describe, expect, test } from 'vitest';
import { holds, judge } from '../../faults/verdict';

const batch = (lost: number, ...values: unknown[]) => ({
  lost,
  updates: values.map((value, index) => ({ seq: index + 1, at: 0, value: value as number })),
});

describe('the judge', () => {
  test.each([
    ['all, once, in order', [batch(0, 3, 4), batch(0, 5, 6)], { lost: 0, twice: 0, disordered: 0, shownLost: 0 }, true],
    ['one missing', [batch(0, 3, 4), batch(0, 6)], { lost: 1, twice: 0, disordered: 0, shownLost: 0 }, false],
    ['the last missing', [batch(0, 3, 4, 5)], { lost: 1, twice: 0, disordered: 0, shownLost: 0 }, false],
    [
      'one missing and shown as lost',
      [batch(0, 3, 4), batch(1, 6)],
      { lost: 0, twice: 0, disordered: 0, shownLost: 1 },
      false,
    ],
    [
      'one shown as lost that was not',
      [batch(0, 3, 4), batch(1, 5, 6)],
      { lost: -1, twice: 0, disordered: 0, shownLost: 1 },
      false,
    ],
    ['one twice', [batch(0, 3, 4), batch(0, 4, 5, 6)], { lost: 0, twice: 1, disordered: 0, shownLost: 0 }, false],
    ['two the wrong way round', [batch(0, 3, 5, 4, 6)], { lost: 0, twice: 0, disordered: 1, shownLost: 0 }, false],
    [
      'nonsense between',
      [batch(0, 3, 'x', 0, 4), batch(0, 5, null, 6)],
      { lost: 0, twice: 0, disordered: 0, shownLost: 0 },
      true,
    ],
    ['nothing at all', [], { lost: 6, twice: 0, disordered: 0, shownLost: 0 }, false],
  ])('of %s', (_, batches, verdict, isFine) => {
    const judged = judge(batches, 6);
    expect(judged).toMatchObject(verdict);
    expect(holds(judged)).toBe(isFine);
  });
});

test('what goes on from what was judged before begins where that ended', () => {
  expect(judge([batch(0, 4, 5, 6)], 6, 4)).toMatchObject({ lost: 0, twice: 0 });
  expect(judge([batch(0, 5, 6)], 6, 4)).toMatchObject({ lost: 1, twice: 0, compared: 2 });
  expect(judge([batch(0, 3, 4, 5, 6)], 6, 4)).toMatchObject({ lost: 0, twice: 1 });
});
