import assert from 'node:assert/strict';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { SPLIT_LINE } from '../../servers/nonsense.ts';
import { openDetails, waitForReason } from '../details.ts';
import { startEndlessServer } from '../endless-server.ts';
import { depthFeed, linesFeed, socketFeed, streamsFeed } from '../feeds.ts';
import { both, type FaultRow } from '../row.ts';
import { LATEST_RETRY_MS } from '../watched-page.ts';
import type { World } from '../world.ts';

const MIB = 1024 * 1024;

/** Rows of a source that sends what nobody should. */
export const HOSTILE_SOURCE_ROWS: FaultRow[] = [
  {
    number: 18,
    fault: 'bad data from the source: broken JSON, wrong type, BOM, split UTF-8, a line of 10 MB',
    holds: 'counted, stream alive, memory bounded',
    browsers: {
      chromium: { how: 'each kind from each of the three sources; heap of the background before and after' },
      firefox: {
        how: 'each kind from each of the three sources; the heap is not looked at, Firefox tells it to nobody',
      },
    },
    runs: { short: 1, long: 20 },
    async induce(world, runs) {
      const { demo } = world;
      await world.configure(numbersFeed(demo), linesFeed(demo), socketFeed(demo), depthFeed(demo));
      const watched = await world.watch();
      for (const name of ['Numbers', 'Socket', 'Depth']) await openDetails(watched.page, name);
      await waitForReason(watched.page, 'Depth', 'live');
      for (const _ of runs) {
        const before = await heapBytes(world);
        for (const source of ['events', 'socket', 'json'] as const) demo.control(source, 'nonsense');
        await waitForReason(watched.page, 'Numbers', 'live', 'The source sends');
        await waitForReason(watched.page, 'Socket', 'live', 'The source sends');
        await waitForReason(watched.page, 'Depth', 'stale');
        demo.control('json', 'return');
        await waitForReason(watched.page, 'Depth', 'live');
        await world.told(20);
        const grown = (await heapBytes(world)) - before;
        assert.ok(grown < 8 * MIB, `the background grew by ${grown} bytes`);
        demo.control('events', { action: 'rate', perSecond: 0 });
        await watched.catchesUp();
        const valuesOf = (wanted: string) =>
          watched.batches.flatMap(({ feed, updates }) => (feed === wanted ? updates.map(({ value }) => value) : []));
        const extras = valuesOf('numbers').filter((value) => !(Number(value) >= 1));
        assert.deepEqual([...new Set(extras)].toSorted(), [0, 'one'], 'what of it can be read');
        assert.ok(valuesOf('lines').includes(SPLIT_LINE), 'the line that was cut in a character');
        await watched.settle();
        demo.control('events', { action: 'rate', perSecond: 50 });
      }
    },
  },
  {
    number: 35,
    fault: 'hostile source: HTML or script as value, huge numbers, deep JSON, endless body, redirect to another scheme',
    holds: 'shown as text; bounded; refused with a reason',
    browsers: both(
      'each from the demo sources, endless bodies from a server of the test; 50 good events a second beside them',
    ),
    runs: { short: 1, long: 10 },
    async induce(world, runs) {
      const { demo } = world;
      const endless = await startEndlessServer();
      try {
        await world.configure(
          numbersFeed(demo),
          linesFeed(demo),
          depthFeed(demo),
          { ...depthFeed(demo), id: 'body', name: 'Body', source: { type: 'poll', address: endless.jsonUrl } },
          {
            ...linesFeed(demo),
            id: 'line',
            name: 'Line',
            source: {
              type: 'sse',
              address: endless.eventsUrl,
              event: null,
              consecutiveIds: false,
              silentAfterMs: 2_000,
            },
          },
          streamsFeed,
        );
        const watched = await world.watch();
        const { page } = watched;
        for (const name of ['Depth', 'Body', 'Line']) await openDetails(page, name);
        for (const _ of runs) {
          for (const kind of ['markup', 'huge-numbers', 'deep-json'] as const) {
            demo.control('events', { action: 'nonsense', kind });
          }
          await waitFor('the markup', async () => {
            await watched.look();
            return watched.batches.some(({ updates }) =>
              updates.some(({ value }) => String(value).includes('<b>bold')),
            );
          });
          const made = await page.inShadows(
            (roots: ShadowRoot[]) => roots.flatMap((root) => [...root.querySelectorAll('b, img, script')]).length,
          );
          assert.equal(made, 0, 'elements made of values');
          await waitForReason(page, 'Body', 'waiting', 'more than a feed may hold');
          await waitForReason(page, 'Line', 'live', 'more than a feed may hold', LATEST_RETRY_MS);
          await waitForReason(page, 'Line', 'stale', 'nothing comes', LATEST_RETRY_MS);
          for (const location of ['ftp://localhost/', 'data:application/json,{}', 'about:blank']) {
            const { requests } = demo.state.json;
            demo.control('json', { action: 'fail', status: 302, location });
            await waitFor('the redirect', () => demo.state.json.requests > requests, { limitMs: LATEST_RETRY_MS });
            await waitForReason(page, 'Depth', 'retrying', 'could not be reached', LATEST_RETRY_MS);
          }
          demo.control('json', 'return');
          await waitForReason(page, 'Depth', 'live', '', LATEST_RETRY_MS);
          assert.ok(endless.answers.longestBytes < 64 * MIB, `${endless.answers.longestBytes} bytes were taken`);
        }
        await watched.settle();
      } finally {
        endless.close();
      }
    },
  },
];

async function heapBytes({ name, browser }: World): Promise<number> {
  return name === 'chromium' ? browser.extension.backgroundHeapBytes() : 0;
}
