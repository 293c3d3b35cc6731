import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Liveness, watchLiveness } from '../../../utils/feeds/liveness';
import { ended, type Ending } from '../../../utils/feeds/retry';
import { because, type SourceStatus } from '../../../utils/feeds/source';
import { createRecorder, createWorld } from './world';

const SILENT_AFTER_MS = 10_000;
const CLOSED = because('closed', '1006');

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function createBench(last: Ending | null = null, silentAfterMs: number | null = SILENT_AFTER_MS) {
  const { deps } = createWorld();
  const { sink, statuses } = createRecorder();
  const ending = new AbortController();
  const onSilent = vi.fn<() => void>();
  const liveness: Liveness = watchLiveness(sink, { deps, signal: ending.signal }, { silentAfterMs, last, onSilent });
  const states = (): SourceStatus['state'][] => statuses.map(({ state }) => state);
  const reasons = (): SourceStatus['reason'][] => statuses.map(({ reason }) => reason);
  return { liveness, ending, onSilent, states, reasons };
}

describe('liveness', () => {
  test('is live once it is open, and says so once', () => {
    const { liveness, states } = createBench();
    expect([liveness.isOpen, states()]).toEqual([false, []]);
    liveness.opened();
    liveness.alive();
    liveness.alive();
    expect([liveness.isOpen, states()]).toEqual([true, ['live']]);
  });

  test('says what is the matter with it although it is live', () => {
    const { liveness, reasons } = createBench();
    liveness.opened(because('resume-refused', 'example.com'));
    expect(reasons()).toEqual([because('resume-refused', 'example.com')]);
  });

  test('is live again after silence with a sign of life, not with an opening', () => {
    const { liveness, states } = createBench(ended('silent', because('silent')));
    liveness.opened();
    expect(states()).toEqual([]);
    liveness.alive();
    expect(states()).toEqual(['live']);
  });

  test('is live after any other ending as soon as it is open', () => {
    const { liveness, states } = createBench(ended('retry', CLOSED));
    liveness.opened();
    expect(states()).toEqual(['live']);
  });

  test('says nothing after its signal aborted', () => {
    const { liveness, ending, states } = createBench();
    ending.abort();
    liveness.opened();
    liveness.alive();
    expect(states()).toEqual([]);
  });
});

describe('silence of an open connection', () => {
  test('is told once, and makes the ending', () => {
    const { liveness, onSilent } = createBench();
    liveness.opened();
    vi.advanceTimersByTime(SILENT_AFTER_MS - 1);
    expect(onSilent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    expect(onSilent).toHaveBeenCalledOnce();
    expect(liveness.end('retry', CLOSED)).toMatchObject({ kind: 'silent', reason: { code: 'silent' } });
  });

  test('counts from the last sign of life', () => {
    const { liveness, onSilent } = createBench();
    liveness.opened();
    vi.advanceTimersByTime(SILENT_AFTER_MS - 1);
    liveness.alive();
    vi.advanceTimersByTime(SILENT_AFTER_MS - 1);
    expect(onSilent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onSilent).toHaveBeenCalledOnce();
  });

  test('takes one timer, however many signs of life there are', () => {
    const { liveness } = createBench();
    liveness.opened();
    for (let n = 0; n < 1_000; n += 1) liveness.alive();
    expect(vi.getTimerCount()).toBe(1);
  });

  test('is no matter without a limit', () => {
    const { liveness, onSilent, states } = createBench(null, null);
    liveness.opened();
    vi.advanceTimersByTime(86_400_000);
    expect(onSilent).not.toHaveBeenCalled();
    expect(states()).toEqual(['live']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not count before it is open', () => {
    const { onSilent } = createBench();
    vi.advanceTimersByTime(60_000);
    expect(onSilent).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is found after a clock was set back, no later than from then on', () => {
    const { liveness, onSilent } = createBench();
    liveness.opened();
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(2 * SILENT_AFTER_MS);
    expect(onSilent).toHaveBeenCalledOnce();
  });
});

describe('ending of an opening', () => {
  test('is what it is told, with how long it was good, and frees the timer', () => {
    const { liveness } = createBench();
    liveness.opened();
    vi.advanceTimersByTime(4_000);
    liveness.alive();
    vi.advanceTimersByTime(3_000);
    expect(liveness.end('retry', CLOSED, 500)).toEqual(ended('retry', CLOSED, { goodMs: 7_000, notBeforeMs: 500 }));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('was never good when it did not open', () => {
    const { liveness } = createBench();
    vi.advanceTimersByTime(4_000);
    expect(liveness.end('blocked', CLOSED)).toEqual(ended('blocked', CLOSED));
  });

  test('was good for as long as it was open, also where nothing came', () => {
    const { liveness } = createBench();
    liveness.opened();
    vi.advanceTimersByTime(2_000);
    liveness.alive();
    vi.advanceTimersByTime(60_000);
    expect(liveness.end('retry', CLOSED).goodMs).toBe(62_000);
  });

  test('was good for no less than nothing when the clock was set back', () => {
    const { liveness } = createBench();
    liveness.opened();
    vi.setSystemTime(Date.now() - 3_600_000);
    liveness.alive();
    expect(liveness.end('retry', CLOSED).goodMs).toBe(0);
  });
});
