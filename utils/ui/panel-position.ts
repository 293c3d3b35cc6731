/** Distance kept from the edges of the viewport, in CSS px. */
export const EDGE_PX = 8;

/** Largest offset that is believed from the store, in CSS px: more than the widest wall of screens. */
const MAX_OFFSET_PX = 20_000;

/** Where the panel is: offsets in CSS px from the corner it is nearest to. It grows away from that corner. */
export interface PanelPosition {
  right: boolean;
  bottom: boolean;
  x: number;
  y: number;
}

/** What is kept of the panel for a site. */
export interface PanelPlacement extends PanelPosition {
  collapsed: boolean;
}

export interface Size {
  width: number;
  height: number;
}

/** Lower corner at the end of the line: right, or left where the language runs from right to left. */
export const cornerPosition = (rtl: boolean): PanelPosition => ({ right: !rtl, bottom: true, x: EDGE_PX, y: EDGE_PX });

/** The next corner, clockwise. For who cannot drag and has no keys. */
export const nextCorner = ({ right, bottom }: PanelPosition): PanelPosition => ({
  right: !bottom,
  bottom: right,
  x: EDGE_PX,
  y: EDGE_PX,
});

const clamp = (x: number, max: number): number => Math.round(Math.max(EDGE_PX, Math.min(x, max - EDGE_PX)));

/** Along one axis: whether the far edge is nearer, and the offset from the nearer one. */
function alongAxis(start: number, space: number): [far: boolean, offset: number] {
  const near = clamp(start, space);
  const far = near * 2 > space && space >= 2 * EDGE_PX;
  return [far, far ? clamp(space - near, space) : near];
}

/**
 * The position of a panel whose left upper corner is at `left`, `top`, moved inside the viewport first. A panel larger
 * than the viewport keeps to its left and upper edge.
 */
export function positionAt(left: number, top: number, panel: Size, viewport: Size): PanelPosition {
  const [right, x] = alongAxis(left, viewport.width - panel.width);
  const [bottom, y] = alongAxis(top, viewport.height - panel.height);
  return { right, bottom, x, y };
}

const isFlag = (x: unknown): x is boolean => typeof x === 'boolean';
const isOffset = (x: unknown): x is number => typeof x === 'number' && x >= EDGE_PX && x <= MAX_OFFSET_PX;

/** Reads what the store gave back. Fields that are not known are dropped. Never throws. */
export function parsePlacement(kept: unknown): { ok: true; placement: PanelPlacement } | { ok: false; reason: string } {
  const { right, bottom, x, y, collapsed } = Object(kept) as Record<string, unknown>;
  return isFlag(right) && isFlag(bottom) && isOffset(x) && isOffset(y) && isFlag(collapsed)
    ? { ok: true, placement: { right, bottom, x, y, collapsed } }
    : { ok: false, reason: 'not a panel placement' };
}
