import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ended, keepTrying } from '../../../utils/feeds/retry';
import { because } from '../../../utils/feeds/source';
import { createRecorder, createWorld } from './world';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('an attempt that throws is tried again like one that failed, and told of once', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { deps } = createWorld();
  const { sink, statuses } = createRecorder();
  const end = new AbortController();
  const faults = [new Error('first'), new Error('second')];
  const running = keepTrying(
    async () => {
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return ended('stopped', because('http', 204));
    },
    sink,
    { deps, signal: end.signal },
  );
  await vi.advanceTimersByTimeAsync(0);
  expect(statuses).toEqual([{ state: 'retrying', reason: { code: 'network', detail: '' }, retryAt: Date.now() + 500 }]);
  await vi.advanceTimersByTimeAsync(60_000);
  await running;
  expect(statuses.map(({ state }) => state)).toEqual(['retrying', 'retrying', 'blocked']);
  expect(told.mock.calls).toEqual([['Cannot finish an attempt to reach a source', new Error('first')]]);
});

test('an attempt that throws because it is ended is no fault', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { deps } = createWorld();
  const { sink, statuses } = createRecorder();
  const end = new AbortController();
  await keepTrying(
    async () => {
      end.abort();
      throw new Error('ended');
    },
    sink,
    { deps, signal: end.signal },
  );
  expect([statuses, told.mock.calls]).toEqual([[], []]);
});
