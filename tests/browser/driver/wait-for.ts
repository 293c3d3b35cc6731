import { setTimeout as delay } from 'node:timers/promises';
import type { WaitOptions } from './test-browser.ts';

/**
 * Looks until `look` gives something truthy, and returns that. A look that throws counts as not yet.
 * @throws {Error} when the limit is over; says what was awaited and what came last
 */
export async function waitFor<Value>(
  what: string,
  look: () => Promise<Value> | Value,
  { limitMs = 10_000, everyMs = 50 }: WaitOptions = {},
): Promise<Value> {
  const end = performance.now() + limitMs;
  let last: string;
  for (;;) {
    try {
      const value = await look();
      if (value) return value;
      last = JSON.stringify(value) ?? 'undefined';
    } catch (error) {
      last = String(error);
    }
    if (performance.now() >= end) throw new Error(`Cannot see "${what}" within ${limitMs} ms: last was ${last}`);
    await delay(everyMs);
  }
}
