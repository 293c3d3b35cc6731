import type { Json } from '../stream/protocol';
import type { StreamState } from '../stream/subscriber';
import type { PanelOptions } from './panel';
import type { PanelPlacement } from './panel-position';

/**
 * Notes that are sent at once, and the time in ms after which there is one more. A person who does one thing after the other
 * never waits, and a key that is held stays far below the 10 messages a second that a page may send for long.
 */
export const SENT_AT_ONCE = 20;
export const SEND_EVERY_MS = 250;

/** How long the panel waits for its placement before it shows in its corner, in ms. */
export const PLACEMENT_LIMIT_MS = 1_000;

export interface PlacementStore {
  /** Takes what the background keeps for this origin; only the first one moves the panel. */
  onNote(note: Json | null): void;
  /** A stream that waits may bring no note for long: the panel is shown without. */
  onStream(stream: Pick<StreamState, 'name'>): void;
  panel: PanelOptions['store'];
}

/**
 * The page's half of the panel's placement: the background keeps it by the origin of the page, and it travels as the note
 * of the stream. @param send sends a note
 */
export function createPlacementStore(send: (note: Json) => void, signal: AbortSignal): PlacementStore {
  let show: ((placement: unknown) => void) | null = null;
  /** The note, or that there is none yet. */
  let known: { note: Json | null } | null = null;
  let isAnswered = false;
  let newest: PanelPlacement;
  let sending: ReturnType<typeof setTimeout> | undefined;
  let left = SENT_AT_ONCE;
  let countedAt = performance.now();

  const give = (note: Json | null): void => {
    clearTimeout(limit);
    known = { note };
    show?.(note);
  };
  const giveUp = (): void => {
    if (!known) give(null);
  };
  const limit = setTimeout(giveUp, PLACEMENT_LIMIT_MS);
  const sendNewest = (): void => {
    sending = undefined;
    const now = performance.now();
    left = Math.min(SENT_AT_ONCE, left + (now - countedAt) / SEND_EVERY_MS);
    countedAt = now;
    if (left >= 1) {
      left -= 1;
      send({ ...newest });
    } else {
      sending = setTimeout(sendNewest, SEND_EVERY_MS);
    }
  };
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(limit);
      clearTimeout(sending);
    },
    { once: true },
  );

  return {
    onNote(note) {
      if (isAnswered) return;
      isAnswered = true;
      give(note);
    },
    onStream({ name }) {
      if (name === 'waiting') giveUp();
    },
    panel: {
      onPlacement(listener) {
        show = listener;
        if (known) listener(known.note);
      },
      save(placement: PanelPlacement) {
        newest = placement;
        if (sending === undefined) sendNewest();
      },
    },
  };
}
