import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPatience } from '../../../utils/feeds/patience';
import { createWorld } from './world';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = (): Promise<never> => new Promise(() => {});
const make = () => createPatience(createWorld().deps);

describe('patience', () => {
  test('gives what an operation gives, and leaves no timer', async () => {
    expect(await make().within(1_000, () => Promise.resolve(7))).toEqual({ kind: 'done', value: 7 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<[string, () => Promise<never>]>([
    ['rejects', () => Promise.reject(new DOMException('full', 'QuotaExceededError'))],
    [
      'throws at once',
      () => {
        throw new DOMException('denied', 'SecurityError');
      },
    ],
  ])('says that an operation was refused that %s, and asks again the next time', async (_, run) => {
    const { within } = make();
    expect(await within(1_000, run)).toEqual({ kind: 'refused' });
    expect(await within(1_000, () => Promise.resolve(7))).toEqual({ kind: 'done', value: 7 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits once for a database that hangs', async () => {
    const { within } = make();
    const first = within(1_000, never);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toEqual({ kind: 'late' });
    expect(await within(1_000, never)).toEqual({ kind: 'late' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits for the rest where another operation may take longer than the one that was late', async () => {
    const { within } = make();
    const write = within(1_000, never);
    await vi.advanceTimersByTimeAsync(1_000);
    await write;
    const read = within(5_000, never);
    await vi.advanceTimersByTimeAsync(3_999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await read).toEqual({ kind: 'late' });
    expect(await within(5_000, never)).toEqual({ kind: 'late' });
  });

  test('waits in parallel: two operations at once are late at once', async () => {
    const { within } = make();
    const both = Promise.all([within(1_000, never), within(1_000, never)]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await both).toEqual([{ kind: 'late' }, { kind: 'late' }]);
  });

  test('waits again once a later operation was answered', async () => {
    const { within } = make();
    const first = within(1_000, never);
    await vi.advanceTimersByTimeAsync(1_000);
    await first;
    expect(await within(1_000, () => Promise.resolve(7))).toEqual({ kind: 'late' });
    expect(await within(1_000, () => Promise.resolve(7))).toEqual({ kind: 'done', value: 7 });
  });

  test.each<[string, (late: PromiseWithResolvers<number>) => void]>([
    ['answers', (late) => late.resolve(1)],
    ['is refused', (late) => late.reject(new Error('closed'))],
  ])('waits again once an operation that was late %s', async (_, settle) => {
    const { within } = make();
    const late = Promise.withResolvers<number>();
    const first = within(1_000, () => late.promise);
    await vi.advanceTimersByTimeAsync(1_000);
    await first;
    settle(late);
    await vi.advanceTimersByTimeAsync(0);
    expect(await within(1_000, () => Promise.resolve(7))).toEqual({ kind: 'done', value: 7 });
  });
});
