import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createFormat } from '../../../utils/ui/format';
import { createEnglish } from './english';

const format = createFormat(createEnglish(), 'en');
const german = createFormat(createEnglish(), 'de');

describe('format', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [18, '18'],
    [-5.25, '-5.25'],
    [0.1 + 0.2, '0.3'],
    [1234567.8912, '1,234,567.891'],
    [999_999_999, '999,999,999'],
    [1_235_000_000, '1.235B'],
    [-2e12, '-2T'],
    [1e15, '1E15'],
    [1.7976931348623157e308, '1.79769E308'],
    [0.001, '0.001'],
    [0.000123, '1.23E-4'],
    [-5e-324, '-5E-324'],
    [true, 'yes'],
    [false, 'no'],
    [null, 'none'],
    ['<b>bold</b>', '<b>bold</b>'],
    ['', ''],
  ])('writes the value %j as "%s"', (value, text) => {
    expect(format.value(value)).toBe(text);
  });

  it('writes numbers as the locale does', () => {
    expect(german.value(1234.5)).toBe('1.234,5');
    expect(german.change(-1234.5)).toBe('▼ −1.234,5');
  });

  it.each([
    [null, ''],
    [0, ''],
    [3, '▲ +3'],
    [-3, '▼ −3'],
    [0.30000000000000004, '▲ +0.3'],
  ])('writes the change %j as "%s"', (change, text) => {
    expect(format.change(change)).toBe(text);
  });

  it.each([
    [-3_600_000, 'now'],
    [0, 'now'],
    [999, 'now'],
    [1_000, '1 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [86_399_999, '23 h'],
    [86_400_000, '1 d'],
    [1e15, '11,574,074 d'],
  ])('writes the age %j ms as "%s"', (ageMs, text) => {
    expect(format.age(ageMs)).toBe(text);
  });

  const points = (...values: number[]) => values.map((value, index) => ({ at: index * 150_000, value }));
  it.each([
    [points(), ''],
    [points(12), ''],
    [points(12, 19, 18), '12 to 19 in 5 min, now 18'],
    [points(4, 4), '4 to 4 in 2 min, now 4'],
    [points(1, 2).toReversed(), '1 to 2 in 1 s, now 1'],
  ])('says of %j "%s"', (given, words) => {
    expect(format.trend(given)).toBe(words);
  });

  it('writes a text for whatever number and time', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.nat({ max: Number.MAX_SAFE_INTEGER }), (number, at) => {
        expect(format.value(number)).not.toBe('');
        expect(format.age(number)).not.toBe('');
        expect(format.time(at)).not.toBe('');
      }),
    );
  });

  it('makes no number format before a number needs it, and each once', () => {
    using make = vi.spyOn(Intl, 'NumberFormat');
    const fresh = createFormat(createEnglish(), 'en');
    fresh.value('text');
    fresh.age(500);
    expect(make).not.toHaveBeenCalled();
    expect([2e9, 3e9, 1e-9, 2e-9].map((x) => fresh.value(x))).toEqual(['2B', '3B', '1E-9', '2E-9']);
    expect(make).toHaveBeenCalledTimes(2);
  });
});
