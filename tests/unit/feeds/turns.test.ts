import { describe, expect, test } from 'vitest';
import { BUSY_MS, createTurns, OVERRUN_LIMIT_MS, TURN_MS } from '../../../utils/feeds/turns';

function createBench() {
  const state = { now: 0 };
  const waits: string[] = [];
  const pass = (name: string) => () => {
    waits.push(name);
    return Promise.resolve();
  };
  const turns = createTurns({ uptime: () => state.now, nextTask: pass('task'), rest: pass('rest') });
  const work = (busyMs: number): void => {
    state.now += busyMs;
    turns.worked(busyMs);
  };
  return { state, waits, turns, work };
}

describe('the turns of a source', () => {
  test('go on at once while they last, and then behind the tasks that wait', async () => {
    const { turns, work, waits } = createBench();
    work(TURN_MS - 1);
    expect(turns.next()).toBeNull();
    work(1);
    await turns.next();
    expect(turns.next()).toBeNull();
    work(TURN_MS);
    await turns.next();
    expect(waits).toEqual(['task', 'task']);
  });

  test('need rests once the source worked for too long, and none after a pause', async () => {
    const { state, turns, work, waits } = createBench();
    for (let busyMs = 0; busyMs < 2 * BUSY_MS.burst; busyMs += TURN_MS) {
      work(TURN_MS);
      await turns.next();
    }
    expect(turns.needsRests).toBe(true);
    expect([waits[0], waits.at(-1)]).toEqual(['task', 'rest']);
    state.now += 1_000;
    work(1);
    expect(turns.needsRests).toBe(false);
  });

  test('need no rests for 20 000 events at once and 2000 a second on a machine ten times as slow', () => {
    const { state, turns, work } = createBench();
    for (let second = 0; second < 600; second += 1) {
      work(2_000 * 0.05);
      expect(turns.needsRests).toBe(false);
      state.now += 1_000;
    }
  });

  test('are not overrun by an even load above their share, as long as nothing of it waits', async () => {
    const { state, turns, work } = createBench();
    for (let second = 0; second < 60; second += 1) {
      for (let piece = 0; piece < 40; piece += 1) {
        work(2 * TURN_MS);
        await turns.next();
        state.now += 25 - 2 * TURN_MS;
        turns.caughtUp();
        expect(turns.isOverrun).toBe(false);
      }
    }
  });

  test('are overrun when the source needs rests for 10 s, and not before', () => {
    const { state, turns, work } = createBench();
    work(2 * BUSY_MS.burst);
    const since = state.now;
    while (state.now - since < OVERRUN_LIMIT_MS - 12) {
      work(TURN_MS);
      expect(turns.isOverrun).toBe(false);
      state.now += 8;
    }
    state.now += 12;
    expect(turns.isOverrun).toBe(true);
  });
});
