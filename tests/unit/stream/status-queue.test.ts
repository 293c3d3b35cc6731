import { beforeEach, describe, expect, test } from 'vitest';
import type { FeedReader } from '../../../utils/stream/feed-reader';
import { createStatusQueue, MAX_UNHEARD, type StatusQueue } from '../../../utils/stream/status-queue';
import { createFakeFeed } from '../../fakes/feed';

let sent: string[];
let queue: StatusQueue;
let one: FeedReader;
let two: FeedReader;

beforeEach(() => {
  sent = [];
  queue = createStatusQueue(100, (message) => sent.push('feed' in message ? message.feed : message.type));
  one = createFakeFeed({ id: 'one' }).reader();
  two = createFakeFeed({ id: 'two' }).reader();
});

/** So many changes of a feed's status, each sent. */
const flap = (reader: FeedReader, times: number): void => {
  for (let time = 0; time < times; time += 1) {
    queue.add(reader);
    queue.send(time);
  }
};

describe('status queue', () => {
  test('has each feed once, and an interval between two rounds', () => {
    expect(queue.dueAt).toBe(Infinity);
    for (const reader of [one, two, one]) queue.add(reader);
    expect(queue.dueAt).toBe(-Infinity);
    queue.send(50);
    expect(sent).toEqual(['one', 'two']);
    expect(queue.dueAt).toBe(Infinity);
    queue.add(one);
    expect(queue.dueAt).toBe(150);
  });

  test('of one feed sends so many before the page is heard, and keeps the newest for then', () => {
    flap(one, MAX_UNHEARD);
    expect([sent.length, queue.isHeld]).toEqual([MAX_UNHEARD, false]);
    flap(one, 5);
    expect([sent.length, queue.isHeld]).toEqual([MAX_UNHEARD, true]);
    queue.heard();
    expect(queue.isHeld).toBe(false);
    queue.send(1_000);
    expect(sent).toHaveLength(MAX_UNHEARD + 1);
  });

  test('counts each feed for itself', () => {
    flap(one, MAX_UNHEARD);
    flap(two, MAX_UNHEARD);
    expect([sent.length, queue.isHeld]).toEqual([2 * MAX_UNHEARD, false]);
  });
});
