import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseFeed } from '../../../utils/feeds/feed';
import { createHeapBudget } from '../../../utils/feeds/heap-budget';
import { createLineSink } from '../../../utils/feeds/line-sink';
import { createTrackedFeed } from '../../../utils/feeds/tracked-feed';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function createBench(isPolled: boolean) {
  const track = (kind: string) => {
    const parsed = parseFeed({ id: kind, name: kind, kind, source: { type: 'poll', address: 'https://a.example/' } });
    if (!parsed.ok) throw new Error(parsed.reason);
    return createTrackedFeed(parsed.feed, {
      now: () => Date.now(),
      newEpoch: () => crypto.randomUUID(),
      heap: createHeapBudget(),
      restore: undefined,
    });
  };
  const feeds = [track('state'), track('event')] as const;
  const sink = createLineSink(isPolled, {
    feeds: () => feeds,
    isWritten: () => true,
    onId: () => {},
    onStatus: () => {},
  });
  return { sink, logs: feeds.map(({ log }) => log) };
}

test.each([
  ['of a source that is asked is a value where it changed', true, [1, 1]],
  ['of a source that sends by itself is a value', false, [2, 2]],
])('the same message again %s', (_, isPolled, seqs) => {
  const { sink, logs } = createBench(isPolled);
  sink.onData(5);
  sink.onData(5);
  expect(logs.map(({ seq }) => seq)).toEqual(seqs);
});

test('messages that did not arrive are left out of the order of events, and cast doubt on a state', () => {
  const { sink, logs } = createBench(false);
  sink.onData(5);
  sink.onMissed(3);
  vi.advanceTimersByTime(1_000);
  sink.onLife();
  expect(logs.map(({ seq }) => seq)).toEqual([1, 4]);
  expect(logs[0]?.confirmedAt).toBe(1_000_000);
});

test('a source that counts from the start again begins another history', () => {
  const { sink, logs } = createBench(false);
  sink.onData(5);
  const epochs = logs.map(({ epoch }) => epoch);
  sink.onNewHistory();
  expect(logs.map(({ epoch }, i) => epoch === epochs[i])).toEqual([false, false]);
  expect(logs.map(({ seq }) => seq)).toEqual([0, 0]);
});
