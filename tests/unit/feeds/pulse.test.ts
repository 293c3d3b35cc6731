import { expect, test } from 'vitest';
import { createPulse } from '../../../utils/feeds/pulse';

test('pulse tells whole seconds since it was made, and what the background measures', () => {
  let now = 5_000;
  const stats = { openStreams: 2, updatesPerSecond: 7.5, roundTripMs: null };
  const read = createPulse(
    () => ({ ...stats, other: 1 }),
    () => now,
  );
  expect(read()).toEqual({ uptime: 0, ...stats });
  now = 7_999;
  expect(read()).toEqual({ uptime: 2, ...stats });
  now = 0;
  expect(read()).toHaveProperty('uptime', 0);
});

test('pulse counts once for all who ask within a tenth of a second, whatever the clock does', () => {
  let now = 5_000;
  let counted = 0;
  const read = createPulse(
    () => ({ openStreams: (counted += 1), updatesPerSecond: 0, roundTripMs: null }),
    () => now,
  );
  const countedAt = [5_000, 5_099, 5_100, 5_150, 1_000, 1_099].map((at) => {
    now = at;
    read();
    return counted;
  });
  expect(countedAt).toEqual([1, 1, 2, 2, 3, 3]);
});
