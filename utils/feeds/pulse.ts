import type { Json } from '../stream/protocol';

/** What the background measures of itself. `roundTripMs`: `null` while nobody has answered yet. */
export interface PulseStats {
  openStreams: number;
  updatesPerSecond: number;
  roundTripMs: number | null;
}

/** How long a reading serves all who ask, in ms: each port asks ten times a second, and to count them takes as long as there are ports. */
const READING_MS = 100;

/**
 * Makes the source that needs no network. Each read gives `{ uptime, openStreams, updatesPerSecond, roundTripMs }` as of
 * 100 ms ago at most; `uptime` is in whole seconds since this call.
 */
export function createPulse(stats: () => PulseStats, now: () => number): () => Json {
  const startedAt = now();
  let last: { at: number; reading: Json } | null = null;
  return () => {
    const at = now();
    if (last !== null && Math.abs(at - last.at) < READING_MS) return last.reading;
    const uptime = Math.max(0, Math.floor((at - startedAt) / 1_000));
    const { openStreams, updatesPerSecond, roundTripMs } = stats();
    last = { at, reading: { uptime, openStreams, updatesPerSecond, roundTripMs } };
    return last.reading;
  };
}
