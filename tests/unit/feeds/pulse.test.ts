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
