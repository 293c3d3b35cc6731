import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSparkline, sparklineCoordinates } from '../../../utils/ui/sparkline';
import { createDom } from '../../fakes/dom';

describe('sparkline', () => {
  it.each([
    { draws: 'nothing of one point', points: [[0, 1]], coordinates: '' },
    {
      draws: 'lowest at the bottom, highest at the top',
      points: [
        [0, 1],
        [10, 2],
      ],
      coordinates: '1.0,19.0 63.0,1.0',
    },
    {
      draws: 'equal values in the middle',
      points: [
        [0, 5],
        [10, 5],
      ],
      coordinates: '1.0,10.0 63.0,10.0',
    },
    {
      draws: 'time to scale',
      points: [
        [0, 0],
        [1, 0],
        [4, 1],
      ],
      coordinates: '1.0,19.0 16.5,19.0 63.0,1.0',
    },
    {
      draws: 'by count when all came at once',
      points: [
        [9, 0],
        [9, 1],
        [9, 0],
      ],
      coordinates: '1.0,19.0 32.0,1.0 63.0,19.0',
    },
    {
      draws: 'the largest range',
      points: [
        [0, -1.7e308],
        [1, 1.7e308],
      ],
      coordinates: '1.0,19.0 63.0,1.0',
    },
  ])('draws $draws', ({ points, coordinates }) => {
    expect(sparklineCoordinates(points.map(([at = 0, value = 0]) => ({ at, value })))).toBe(coordinates);
  });

  it('stays inside its box whatever comes', () => {
    const point = fc.record({ at: fc.nat(), value: fc.double({ noNaN: true, noDefaultInfinity: true }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 2, maxLength: 60 }), (points) => {
        const drawn = sparklineCoordinates(points).split(' ');
        expect(drawn).toHaveLength(points.length);
        for (const pair of drawn) {
          const [x = NaN, y = NaN] = pair.split(',').map(Number);
          expect(x >= 1 && x <= 63 && y >= 1 && y <= 19, pair).toBe(true);
        }
      }),
    );
  });
});

describe('sparkline element', () => {
  it('is an image with words, and not there while it has none', () => {
    const { element, update } = createSparkline(createDom().document);
    const points = [
      { at: 0, value: 1 },
      { at: 10, value: 2 },
    ];
    update(points, '1 to 2');
    expect(['role', 'aria-label', 'hidden'].map((name) => element.getAttribute(name))).toEqual(['img', '1 to 2', null]);
    expect(element.querySelector('polyline')?.getAttribute('points')).toBe(sparklineCoordinates(points));
    update([], '');
    expect(element.hasAttribute('hidden')).toBe(true);
    expect(element.querySelector('polyline')?.getAttribute('points')).toBe('');
  });
});
