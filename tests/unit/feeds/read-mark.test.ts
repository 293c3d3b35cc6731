import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPatience } from '../../../utils/feeds/patience';
import { createReadMark } from '../../../utils/feeds/read-mark';
import { createMemorySegments } from './memory-segments';
import { createWorld, settle } from './world';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the mark of a source that was read', () => {
  test('outlives the background, and is of one connection', async () => {
    const segments = createMemorySegments();
    const { deps } = createWorld();
    const mark = createReadMark('a', segments, createPatience(deps));
    expect(await mark.has()).toBe(false);
    mark.set();
    expect(await mark.has()).toBe(true);
    await settle();
    const later = segments.reopen();
    expect(await createReadMark('a', later, createPatience(deps)).has()).toBe(true);
    expect(await createReadMark('b', later, createPatience(deps)).has()).toBe(false);
  });

  test('of a private window is kept nowhere', async () => {
    const { deps } = createWorld();
    const mark = createReadMark('a', null, createPatience(deps));
    expect(await mark.has()).toBe(false);
    mark.set();
    expect(await mark.has()).toBe(true);
    expect(await createReadMark('a', null, createPatience(deps)).has()).toBe(false);
  });

  test.each(['refuse', 'hang'] as const)('holds here where the database would %s', async (mode) => {
    const segments = createMemorySegments();
    segments.mode = mode;
    const { deps } = createWorld();
    const mark = createReadMark('a', segments, createPatience(deps));
    const found = mark.has();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await found).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    mark.set();
    expect(await mark.has()).toBe(true);
  });
});
