import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createPlacementStore,
  PLACEMENT_LIMIT_MS,
  SEND_EVERY_MS,
  SENT_AT_ONCE,
} from '../../../utils/ui/placement-store';

const PLACEMENT = { right: true, bottom: false, x: 16, y: 24, collapsed: true };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const send = vi.fn();
  const ending = new AbortController();
  const store = createPlacementStore(send, ending.signal);
  const shown: unknown[] = [];
  return { ...store, send, ending, shown, mount: () => store.panel.onPlacement((kept) => shown.push(kept)) };
}

describe('placement store', () => {
  test.each(['before', 'after'])('gives the panel the note that comes %s it is made', (when) => {
    const { onNote, mount, shown } = setUp();
    if (when === 'after') mount();
    onNote(PLACEMENT);
    if (when === 'before') mount();
    vi.advanceTimersByTime(PLACEMENT_LIMIT_MS);
    expect(shown).toEqual([PLACEMENT]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('gives no placement when no note has come for a second, and the note when it comes after that', () => {
    const { onNote, mount, shown } = setUp();
    mount();
    vi.advanceTimersByTime(PLACEMENT_LIMIT_MS - 1);
    expect(shown).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(shown).toEqual([null]);
    onNote(PLACEMENT);
    expect(shown).toEqual([null, PLACEMENT]);
  });

  test('gives no placement as soon as the stream waits, and once', () => {
    const { onStream, mount, shown } = setUp();
    mount();
    onStream({ name: 'connecting' });
    expect(shown).toEqual([]);
    onStream({ name: 'waiting' });
    onStream({ name: 'waiting' });
    vi.advanceTimersByTime(PLACEMENT_LIMIT_MS);
    expect(shown).toEqual([null]);
  });

  test('takes the first note only: a later stream brings what another page of the site has done', () => {
    const { onNote, mount, shown } = setUp();
    mount();
    onNote(null);
    onNote(PLACEMENT);
    expect(shown).toEqual([null]);
  });

  test('sends what the person has done', () => {
    const { panel, send } = setUp();
    panel.save(PLACEMENT);
    expect(send).toHaveBeenCalledExactlyOnceWith(PLACEMENT);
  });

  test('sends at once what is done one thing after the other', () => {
    const { panel, send } = setUp();
    for (let x = 0; x < SENT_AT_ONCE; x += 1) panel.save({ ...PLACEMENT, x });
    expect(send).toHaveBeenCalledTimes(SENT_AT_ONCE);
    expect(vi.getTimerCount()).toBe(1);
  });

  test('sends what an arrow key does that is held four times a second in the end, and where it ends', () => {
    const { panel, send } = setUp();
    for (let x = 0; x < 300; x += 1) {
      panel.save({ ...PLACEMENT, x });
      vi.advanceTimersByTime(33);
    }
    vi.advanceTimersByTime(2 * SEND_EVERY_MS);
    expect(send.mock.calls.length).toBeLessThan(SENT_AT_ONCE + 45);
    expect(send.mock.lastCall).toEqual([{ ...PLACEMENT, x: 299 }]);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no timer', () => {
    const { ending } = setUp();
    ending.abort();
    expect(vi.getTimerCount()).toBe(0);
  });
});
