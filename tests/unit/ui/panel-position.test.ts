import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cornerPosition,
  EDGE_PX,
  nextCorner,
  type PanelPosition,
  parsePlacement,
  positionAt,
  type Size,
} from '../../../utils/ui/panel-position';

const viewport = { width: 1000, height: 800 };
const panel = { width: 300, height: 200 };

/** Where the left upper corner of the panel ends up. */
const pointOf = ({ right, bottom, x, y }: PanelPosition, { width, height }: Size, size: Size): [number, number] => [
  right ? width - size.width - x : x,
  bottom ? height - size.height - y : y,
];

describe('panel position', () => {
  it.each([
    { left: 20, top: 30, position: { right: false, bottom: false, x: 20, y: 30 } },
    { left: 690, top: 30, position: { right: true, bottom: false, x: 10, y: 30 } },
    { left: 350, top: 300, position: { right: false, bottom: false, x: 350, y: 300 } },
    { left: 351, top: 301, position: { right: true, bottom: true, x: 349, y: 299 } },
    { left: -500, top: 5_000, position: { right: false, bottom: true, x: 8, y: 8 } },
  ])('keeps $left, $top from the nearest corner', ({ left, top, position }) => {
    expect(positionAt(left, top, panel, viewport)).toEqual(position);
  });

  it('keeps a panel larger than the viewport at its left and upper edge', () => {
    const position = { right: false, bottom: false, x: EDGE_PX, y: EDGE_PX };
    expect(positionAt(40, 40, { width: 500, height: 500 }, { width: 300, height: 300 })).toEqual(position);
  });

  it('goes round the corners and back', () => {
    for (const start of [cornerPosition(false), cornerPosition(true)]) {
      const round = [start];
      for (let i = 0; i < 4; i++) round.push(nextCorner(round[i] ?? start));
      expect(new Set(round.map(({ right, bottom }) => `${right} ${bottom}`)).size).toBe(4);
      expect(round[4]).toEqual(start);
    }
  });

  it('puts the panel inside the viewport, and where it was asked to if that is inside', () => {
    const px = fc.integer({ min: -5_000, max: 5_000 });
    const side = fc.integer({ min: 20, max: 2_000 });
    fc.assert(
      fc.property(px, px, side, side, side, side, (left, top, width, height, wide, high) => {
        const size = { width, height };
        const room = { width: width + 16 + wide, height: height + 16 + high };
        const [x, y] = pointOf(positionAt(left, top, size, room), room, size);
        expect(x).toBe(Math.min(Math.max(left, EDGE_PX), room.width - width - EDGE_PX));
        expect(y).toBe(Math.min(Math.max(top, EDGE_PX), room.height - height - EDGE_PX));
      }),
    );
  });

  it('reads back each placement it makes', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.boolean(), (left, top, collapsed) => {
        const placement = { ...positionAt(left, top, panel, viewport), collapsed };
        expect(parsePlacement(JSON.parse(JSON.stringify(placement)))).toEqual({ ok: true, placement });
      }),
    );
  });

  const good = { right: true, bottom: false, x: 8, y: 20, collapsed: true };
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'right'],
    ['a list', []],
    ['a number for a flag', { ...good, right: 1 }],
    ['a missing flag', { ...good, bottom: undefined }],
    ['an offset outside of the page', { ...good, x: 7 }],
    ['an offset that is no number', { ...good, x: Number.NaN }],
    ['an endless offset', { ...good, y: Number.POSITIVE_INFINITY }],
    ['an offset as text', { ...good, y: '8' }],
    ['collapsed as text', { ...good, collapsed: 'no' }],
  ])('does not believe %s', (_, kept) => {
    expect(parsePlacement(kept)).toEqual({ ok: false, reason: 'not a panel placement' });
  });

  it('never throws, and drops fields it does not know', () => {
    fc.assert(
      fc.property(fc.anything(), (kept) => {
        expect(typeof parsePlacement(kept).ok).toBe('boolean');
      }),
    );
    expect(parsePlacement({ ...good, more: 1 })).toEqual({ ok: true, placement: good });
  });
});
