import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSourceDeps } from '../../../utils/feeds/source-deps';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('what is due later runs once, or not at all when it is called off', () => {
  const { after } = createSourceDeps(() => true);
  const run = vi.fn<() => void>();
  after(1_000, run);
  const callOff = after(1_000, run);
  callOff();
  vi.advanceTimersByTime(5_000);
  expect(run).toHaveBeenCalledTimes(1);
});

test('a background that is taken down, which has no timers any more, throws nothing', () => {
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => {
    throw new Error('NS_ERROR_NOT_INITIALIZED');
  });
  const callOff = createSourceDeps(() => true).after(1_000, () => undefined);
  expect(callOff).not.toThrow();
});
