import type { StreamState } from '../stream/subscriber';

/** How long a stream must be down before it is announced, in ms: a background that restarts takes a tenth of it. */
export const ANNOUNCE_AFTER_MS = 3_000;

export type Announcement = 'lost' | 'back';

/**
 * Makes what decides when the status line of a surface speaks. Ask it at each render with the stream's state and the
 * time in ms: it says `lost` once when a stream that was live has been down for 3 s, `back` once when it is live again,
 * and `null` otherwise. A pause is neither.
 */
export function createAnnouncer(): (stream: StreamState['name'], now: number) => Announcement | null {
  let state: 'new' | 'up' | 'down' | 'lost' = 'new';
  let downSince = 0;
  return (stream, now) => {
    if (stream === 'live') {
      const wasLost = state === 'lost';
      state = 'up';
      return wasLost ? 'back' : null;
    }
    if (stream === 'paused') {
      if (state === 'down') state = 'up';
    } else if (state === 'up') {
      state = 'down';
      downSince = now;
    } else if (state === 'down' && now - downSince >= ANNOUNCE_AFTER_MS) {
      state = 'lost';
      return 'lost';
    }
    return null;
  };
}
