import { createSvg } from './create-element';
import type { Point } from './feed-model';

const WIDTH = 64;
const HEIGHT = 20;

/**
 * Coordinates of `points` for a polyline in a box of 64 by 20: time across, lowest to highest value upwards. Values
 * that are all equal lie in the middle. Fewer than two points draw nothing.
 */
export function sparklineCoordinates(points: readonly Point[]): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || first === last) return '';
  const values = points.map(({ value }) => value);
  const low = Math.min(...values);
  // Halved: the difference of two numbers of the largest size is Infinity.
  const halfRange = Math.max(...values) / 2 - low / 2;
  const span = last.at - first.at;
  return points
    .map(({ at, value }, index) => {
      // A clock that was set back gives times outside of the span.
      const across = span ? Math.min(1, Math.max(0, (at - first.at) / span)) : index / (points.length - 1);
      const down = halfRange ? 1 - (value / 2 - low / 2) / halfRange : 0.5;
      // One unit is left at each edge for the width of the line.
      return [1 + across * (WIDTH - 2), 1 + down * (HEIGHT - 2)].map((x) => x.toFixed(1)).join();
    })
    .join(' ');
}

export interface Sparkline {
  element: SVGElement;
  /** Draws `points`; `words` say the same to who does not see it. Nothing is there while `words` is empty. */
  update(points: readonly Point[], words: string): void;
}

/** Makes an empty sparkline. Its colour is the text colour around it. */
export function createSparkline(document: Document): Sparkline {
  const line = createSvg(document, 'polyline', {});
  const element = createSvg(
    document,
    'svg',
    { class: 'sparkline', role: 'img', viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
    line,
  );
  return {
    element,
    update(points, words) {
      element.toggleAttribute('hidden', !words);
      element.ariaLabel = words;
      line.setAttribute('points', sparklineCoordinates(points));
    },
  };
}
