import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectionKey } from '../../../utils/feeds/connection-key';
import { createEpochId } from '../../../utils/feeds/epochs';
import { parseFeed, type Feed } from '../../../utils/feeds/feed';
import { createHeapBudget } from '../../../utils/feeds/heap-budget';
import { createPatience } from '../../../utils/feeds/patience';
import { createRealm } from '../../../utils/feeds/realm';
import { createWriteBudget, WRITE_LIMITS } from '../../../utils/feeds/write-budget';
import { createMemorySegments } from './memory-segments';
import { createWorld, settle } from './world';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function feedOf(id: string, source: Record<string, unknown>): Feed {
  const parsed = parseFeed({ id, name: id, source });
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.feed;
}

const FEEDS = [
  feedOf('kept', { type: 'sse', address: 'https://a.example/' }),
  feedOf('asked', { type: 'poll', address: 'https://a.example/' }),
  feedOf('pulse', { type: 'pulse' }),
];

function makeRealm(isKept: boolean) {
  const { deps, asked } = createWorld();
  const budget = createWriteBudget(WRITE_LIMITS.all, deps);
  const disk = isKept ? { segments: createMemorySegments(), patience: createPatience(deps), budget } : null;
  const realm = createRealm({
    deps,
    disk,
    heap: createHeapBudget(),
    readPulse: () => null,
    newEpoch: createEpochId,
  });
  realm.configure(FEEDS, { isStandIn: false });
  return { realm, asked };
}

describe('realm', () => {
  test('names the connections of which anything is kept, and none without a disk', () => {
    const all = FEEDS.map(({ source }) => connectionKey(source));
    expect(makeRealm(true).realm.keys()).toEqual({ all: new Set(all), durable: new Set(all.slice(0, 1)) });
    expect(makeRealm(false).realm.keys()).toEqual({ all: new Set(all), durable: new Set() });
  });

  test('counts the lines that are open, without the pulse', async () => {
    const { realm, asked } = makeRealm(false);
    for (const { id } of FEEDS) (await realm.reader(id))?.follow({ onNews: () => {}, onStatus: () => {} });
    await settle();
    expect([realm.openLines(), asked.length]).toEqual([2, 2]);
    realm.end();
    expect([realm.openLines(), vi.getTimerCount()]).toEqual([0, 0]);
    expect(await realm.reader('kept')).toBeNull();
  });
});
