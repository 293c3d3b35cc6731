import { describe, expect, it, vi } from 'vitest';
import { makeMovable } from '../../../utils/ui/panel-mover';
import type { PanelPosition } from '../../../utils/ui/panel-position';
import { createDom } from '../../fakes/dom';

const CORNER: PanelPosition = { right: true, bottom: true, x: 8, y: 8 };
const BOX = { left: 100, top: 100, width: 200, height: 100 } as unknown as DOMRect;

/** A panel of 200 by 100 at 100, 100 in a viewport of 1000 by 800. */
function createBench({ rtl = false } = {}) {
  const { document, fire } = createDom();
  const make = (tag: 'button' | 'div'): HTMLElement => document.createElement(tag);
  const [host, panel, header, handle, other] = [make('div'), make('div'), make('div'), make('button'), make('button')];
  header.append(handle, other);
  panel.append(header);
  host.append(panel);
  const capture = vi.fn<(id: number) => void>();
  for (const element of [header, handle, other]) element.setPointerCapture = capture;
  panel.getBoundingClientRect = () => BOX;
  Object.assign(host, { clientWidth: 1_000, clientHeight: 800 });
  const moves: [position: PanelPosition, done: boolean][] = [];
  makeMovable({
    panel,
    host,
    header,
    handle,
    rtl,
    position: () => CORNER,
    onMove: (...move) => moves.push(move),
  });
  const pointer =
    (name: string) =>
    (target: HTMLElement, clientX: number, clientY: number, more: { pointerId?: number; button?: number } = {}) =>
      fire(target, `pointer${name}`, { pointerId: 1, clientX, clientY, ...more });
  return {
    header,
    handle,
    other,
    moves,
    capture,
    down: pointer('down'),
    move: pointer('move'),
    up: pointer('up'),
    cancel: pointer('cancel'),
    key: (key: string, modifiers: Record<string, boolean> = {}) => fire(handle, 'keydown', { key, ...modifiers }),
  };
}

const at = (x: number, y: number): PanelPosition => ({ right: false, bottom: false, x, y });

describe('drag of the panel', () => {
  it('moves the panel with the pointer, and is done when the pointer lets go', () => {
    const { header, down, move, up, moves } = createBench();
    down(header, 500, 500);
    move(header, 510, 520);
    move(header, 530, 540);
    up(header, 530, 540);
    expect(moves).toEqual([
      [at(110, 120), false],
      [at(130, 140), false],
      [at(130, 140), true],
    ]);
  });

  it('is done when the browser takes the pointer away', () => {
    const { header, down, move, cancel, moves } = createBench();
    down(header, 500, 500);
    move(header, 510, 500);
    cancel(header, 510, 500);
    move(header, 600, 600);
    expect(moves.map(([, done]) => done)).toEqual([false, true]);
  });

  it('keeps the pointer though it leaves the header', () => {
    const { header, down, capture } = createBench();
    down(header, 500, 500, { pointerId: 7 });
    expect(capture).toHaveBeenCalledWith(7);
  });

  it.each([
    { step: 3, moved: 0 },
    { step: 4, moved: 2 },
  ])('takes a press that moves by $step px for $moved moves', ({ step, moved }) => {
    const { header, down, move, up, moves } = createBench();
    down(header, 500, 500);
    move(header, 500 + step, 500);
    up(header, 500 + step, 500);
    expect(moves).toHaveLength(moved);
  });

  it('goes on once begun, also back to where it began', () => {
    const { header, down, move, moves } = createBench();
    down(header, 500, 500);
    move(header, 520, 500);
    move(header, 500, 500);
    expect(moves.at(-1)).toEqual([at(100, 100), false]);
  });

  it('begins with the main button only', () => {
    const { header, down, move, moves } = createBench();
    down(header, 500, 500, { button: 2 });
    move(header, 600, 600);
    expect(moves).toEqual([]);
  });

  it('begins on the handle, but on no other button', () => {
    const { handle, other, down, move, moves } = createBench();
    down(other, 500, 500);
    move(other, 520, 500);
    expect(moves).toEqual([]);
    down(handle, 500, 500);
    move(handle, 520, 500);
    expect(moves).toHaveLength(1);
  });

  it('hears no other pointer', () => {
    const { header, down, move, up, moves } = createBench();
    down(header, 500, 500);
    move(header, 600, 600, { pointerId: 2 });
    up(header, 600, 600, { pointerId: 2 });
    expect(moves).toEqual([]);
    move(header, 520, 500);
    expect(moves).toHaveLength(1);
  });

  it('does nothing before a press and after its end', () => {
    const { header, down, move, up, moves } = createBench();
    move(header, 600, 600);
    down(header, 500, 500);
    up(header, 500, 500);
    move(header, 600, 600);
    expect(moves).toEqual([]);
  });

  it('that ends on the handle is no press of it', () => {
    const { handle, down, move, up, moves } = createBench();
    down(handle, 500, 500);
    move(handle, 520, 500);
    up(handle, 520, 500);
    handle.click();
    expect(moves).toHaveLength(2);
    handle.click();
    expect(moves).toHaveLength(3);
  });
});

describe('handle of the panel', () => {
  it('goes to the next corner when pressed', () => {
    const { handle, moves } = createBench();
    handle.click();
    expect(moves).toEqual([[{ right: false, bottom: true, x: 8, y: 8 }, true]]);
  });

  it.each([
    ['ArrowLeft', false, at(84, 100)],
    ['ArrowRight', false, at(116, 100)],
    ['ArrowUp', false, at(100, 84)],
    ['ArrowDown', false, at(100, 116)],
    ['ArrowRight', true, at(164, 100)],
    ['ArrowUp', true, at(100, 36)],
  ])('moves by %s, with Shift %j', (key, shiftKey, position) => {
    const { key: press, moves } = createBench();
    expect(press(key, { shiftKey }).defaultPrevented).toBe(true);
    expect(moves).toEqual([[position, true]]);
  });

  it.each([
    [false, true],
    [true, false],
  ])('goes home by Home: with rtl %j to the right %j', (rtl, right) => {
    const { key, moves } = createBench({ rtl });
    expect(key('Home').defaultPrevented).toBe(true);
    expect(moves).toEqual([[{ right, bottom: true, x: 8, y: 8 }, true]]);
  });

  it.each(['Enter', ' ', 'Tab', 'Escape', 'a'])('leaves the key %j to others', (name) => {
    const { key, moves } = createBench();
    expect(key(name).defaultPrevented).toBe(false);
    expect(moves).toEqual([]);
  });

  it.each(['altKey', 'ctrlKey', 'metaKey'])('leaves an arrow with %s to the browser', (modifier) => {
    const { key, moves } = createBench();
    expect(key('ArrowLeft', { [modifier]: true }).defaultPrevented).toBe(false);
    expect(moves).toEqual([]);
  });
});
