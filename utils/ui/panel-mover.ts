import { cornerPosition, nextCorner, type PanelPosition, positionAt } from './panel-position';

/** How far an arrow key moves the panel, in CSS px; with Shift, and without. */
const FAR_PX = 64;
const NEAR_PX = 16;

const ARROWS: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface PanelMoverOptions {
  panel: HTMLElement;
  /** Fills the viewport; what `panel` is positioned in. */
  host: HTMLElement;
  /** Dragging starts here, but not on a button other than `handle`. */
  header: HTMLElement;
  /** Takes the arrow keys and Home; pressing it goes to the next corner, for who can neither drag nor type. */
  handle: HTMLElement;
  rtl: boolean;
  position(): PanelPosition;
  /** `done`: not while a drag goes on. */
  onMove(position: PanelPosition, done: boolean): void;
}

/** Lets a person move the panel by pointer and by keys. Its listeners go with the elements. */
export function makeMovable({ panel, host, header, handle, rtl, position, onMove }: PanelMoverOptions): void {
  /** Where the pointer took hold of the panel, and where that was. */
  let hold: { id: number; left: number; top: number; x: number; y: number } | null = null;
  let dragged = false;
  const place = (left: number, top: number): PanelPosition =>
    positionAt(left, top, panel.getBoundingClientRect(), { width: host.clientWidth, height: host.clientHeight });

  header.addEventListener('pointerdown', ({ target, button, pointerId: id, clientX: x, clientY: y }) => {
    const pressed = (target as Element).closest('button');
    if (button || (pressed && pressed !== handle)) return;
    const { left, top } = panel.getBoundingClientRect();
    hold = { id, left, top, x, y };
    dragged = false;
    (pressed ?? header).setPointerCapture(id);
  });
  for (const type of ['pointermove', 'pointerup', 'pointercancel'] as const) {
    header.addEventListener(type, ({ pointerId, clientX, clientY }) => {
      if (hold?.id !== pointerId) return;
      const x = clientX - hold.x;
      const y = clientY - hold.y;
      const { left, top } = hold;
      if (type !== 'pointermove') hold = null;
      // A press is never quite still.
      dragged ||= Math.hypot(x, y) > 3;
      if (dragged) onMove(place(left + x, top + y), !hold);
    });
  }
  handle.addEventListener('click', () => {
    if (!dragged) onMove(nextCorner(position()), true);
    dragged = false;
  });
  handle.addEventListener('keydown', (event) => {
    const arrow = ARROWS[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey || !(arrow || event.key === 'Home')) return;
    event.preventDefault();
    const { left, top } = panel.getBoundingClientRect();
    const step = event.shiftKey ? FAR_PX : NEAR_PX;
    onMove(arrow ? place(left + arrow[0] * step, top + arrow[1] * step) : cornerPosition(rtl), true);
  });
}
