import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { because, wait } from '../../../utils/feeds/source';
import { createWorld } from './world';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('because', () => {
  test.each([
    [because('network'), { code: 'network', detail: '' }],
    [because('http', 401), { code: 'http', detail: '401' }],
    [because('path', '$.a'), { code: 'path', detail: '$.a' }],
  ])('gives %j', (reason, expected) => {
    expect(reason).toEqual(expected);
  });

  test('cuts a detail to what the protocol takes', () => {
    expect(because('bad-data', 'x'.repeat(201)).detail).toBe('x'.repeat(200));
  });
});

describe('wait', () => {
  function startWait(delayMs: number) {
    const { deps } = createWorld();
    const ending = new AbortController();
    const done = vi.fn<() => void>();
    void wait(delayMs, { deps, signal: ending.signal }).then(done);
    return { ending, done };
  }

  test('resolves when its time is over, and not before', async () => {
    const { done } = startWait(1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledOnce();
  });

  test('resolves at once when its signal aborts, and leaves no timer', async () => {
    const { ending, done } = startWait(1_000);
    ending.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not wait for a signal that aborted before', async () => {
    const { deps } = createWorld();
    await wait(1_000, { deps, signal: AbortSignal.abort() });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no listener on a signal that outlives it', async () => {
    const { deps } = createWorld();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    void wait(1, { deps, signal });
    await vi.advanceTimersByTimeAsync(1);
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
  });
});
