import type { Json } from '../stream/protocol';

/** What the background measures of itself. `roundTripMs`: `null` while nobody has answered yet. */
export interface PulseStats {
  openStreams: number;
  updatesPerSecond: number;
  roundTripMs: number | null;
}

/**
 * Makes the source that needs no network. Each read gives `{ uptime, openStreams, updatesPerSecond, roundTripMs }`;
 * `uptime` is in whole seconds since this call.
 */
export function createPulse(stats: () => PulseStats, now: () => number): () => Json {
  const startedAt = now();
  return () => {
    const uptime = Math.max(0, Math.floor((now() - startedAt) / 1_000));
    const { openStreams, updatesPerSecond, roundTripMs } = stats();
    return { uptime, openStreams, updatesPerSecond, roundTripMs };
  };
}
