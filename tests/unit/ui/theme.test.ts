import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../utils/ui/theme.css', import.meta.url), 'utf8');

/** Colours of the light tokens and of the dark ones, in this order. */
const [light, dark] = css
  .split('@media')
  .map(
    (part) => new Map(Array.from(part.matchAll(/--(\w+): (#\w+);/g), ([, name = '', colour = '']) => [name, colour])),
  );

/** @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.slice(1).replaceAll(/./g, '$&$&') : colour.slice(1);
  const [r = 0, g = 0, b = 0] = [0, 2, 4]
    .map((start) => Number.parseInt(digits.slice(start, start + 2), 16) / 255)
    .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ['light', light],
  ['dark', dark],
])('%s theme', (_, tokens) => {
  const colour = (name: string): string => tokens?.get(name) ?? 'missing';
  const texts = ['text', 'muted', 'live', 'warn', 'bad'];
  it.each(texts.flatMap((text) => [[text, 'ground'] as const, [text, 'raised'] as const]))(
    'has a contrast of 4.5 for %s on %s',
    (text, ground) => {
      expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each([
    ['text', 'line', 4.5],
    ['focus', 'ground', 3],
    ['focus', 'raised', 3],
  ])('has enough contrast for %s on %s', (text, ground, least) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(least);
  });
});
