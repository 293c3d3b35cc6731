import assert from 'node:assert/strict';
import type { Feed } from '../../../utils/feeds/feed.ts';
import type { TestPage } from '../../browser/driver/test-browser.ts';
import { waitFor } from '../../browser/driver/wait-for.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { waitForRow } from '../../browser/panel.ts';
import type { Demo } from '../../servers/demo.ts';
import { NONSENSE_KINDS, SPLIT_LINE } from '../../servers/nonsense.ts';
import { openDetails, waitForReason } from '../details.ts';
import { type EndlessServer, startEndlessServer } from '../endless-server.ts';
import { depthFeed, linesFeed, socketFeed } from '../feeds.ts';
import type { FaultRow } from '../row.ts';
import { LATEST_RETRY_MS, LIMIT_MS } from '../watched-page.ts';
import type { World } from '../world.ts';

const MIB = 1024 * 1024;
/** What the background may have more after a row's data than before it. */
const GROWTH_LIMIT_BYTES = 8 * MIB;
/** A feed takes 1 MiB of an answer; a browser and the system have some more of it in their buffers. */
const TAKEN_LIMIT_BYTES = 12 * MIB;
const UNREADABLE = 'The source sent data that this feed cannot read:';
const TOO_LARGE = 'The source sent more than a feed may hold:';

const HOSTILE_WAY =
  'markup, numbers and depth from the demo sources, endless bodies and redirects from a server of the test; 50 good events a second beside them';

const BAD_DATA_WAY =
  'each kind from each of the three sources, but for the long line from the socket, which is closed for it';

/** Rows of a source that sends what nobody should. */
export const HOSTILE_SOURCE_ROWS: FaultRow[] = [
  {
    number: 18,
    fault: 'bad data from the source: broken JSON, wrong type, BOM, split UTF-8, a line of 10 MB',
    holds: 'counted, stream alive, memory bounded',
    browsers: {
      chromium: { how: `${BAD_DATA_WAY}; heap of the background before and after` },
      firefox: { how: `${BAD_DATA_WAY}; the heap is not looked at, Firefox tells it to nobody` },
    },
    runs: { short: 1, long: 20 },
    own: { isPatient: true },
    async induce(world, runs) {
      const { demo } = world;
      await world.configure(numbersFeed(demo), linesFeed(demo), socketFeed(demo), depthFeed(demo));
      const watched = await world.watch();
      for (const name of ['Numbers', 'Socket', 'Depth']) await openDetails(watched.page, name);
      await waitForReason(watched.page, 'Depth', 'live');
      for (const _ of runs) {
        // A reason of the run before counts for nothing here.
        for (const name of ['Numbers', 'Socket']) await waitForNoReason(watched.page, name);
        const before = await heapBytes(world);
        // The numbers refuse two of the kinds, in other words each: of the second there are four in a row.
        const kinds = NONSENSE_KINDS.toSpliced(-1, 0, 'huge-numbers', 'huge-numbers', 'huge-numbers');
        for (const kind of kinds) demo.control('events', { action: 'nonsense', kind });
        await waitForReason(watched.page, 'Numbers', 'live', `${UNREADABLE} not a value that JSON can hold (4 times)`);
        // A socket is closed for a line of 10 MB, and blocked for a minute: tests/browser/hostile-source.test.ts.
        for (const kind of NONSENSE_KINDS)
          if (kind !== 'long-line') demo.control('socket', { action: 'nonsense', kind });
        for (let i = 0; i < 4; i += 1) demo.control('socket', { action: 'nonsense', kind: 'broken-json' });
        await waitForReason(watched.page, 'Socket', 'live', `${UNREADABLE} not JSON (4 times)`);
        demo.control('json', 'nonsense');
        await waitForReason(watched.page, 'Depth', 'stale');
        demo.control('json', 'return');
        await waitForReason(watched.page, 'Depth', 'live', 'Values are current');
        const { requests } = demo.state.json;
        demo.control('json', { action: 'nonsense', kind: 'broken-json' });
        await waitForRow(
          watched.page,
          'Depth',
          ({ text }) => text.includes(`${UNREADABLE} not JSON (4 times)`),
          LIMIT_MS,
        );
        const asked = demo.state.json.requests - requests;
        assert.ok(asked >= 4 && asked <= 8, `4 bad answers are shown of ${asked}`);
        demo.control('json', 'return');
        await waitForReason(watched.page, 'Depth', 'live', 'Values are current');
        await world.told(20);
        const grown = (await heapBytes(world)) - before;
        assert.ok(grown < GROWTH_LIMIT_BYTES, `the background grew by ${grown} bytes`);
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
    browsers: {
      chromium: { how: `${HOSTILE_WAY}; heap of the background before and after` },
      firefox: { how: `${HOSTILE_WAY}; the heap is not looked at, Firefox tells it to nobody` },
    },
    runs: { short: 1, long: 10 },
    own: { isPatient: true },
    // The policy of the extension refuses it before the browser does.
    mayReport: /connect-src/,
    async induce(world, runs) {
      const { demo } = world;
      const endless = await startEndlessServer();
      try {
        await world.configure(...demoFeeds(demo));
        const watched = await world.watch();
        const { page } = watched;
        for (const name of ['Numbers', 'Queue']) await openDetails(page, name);
        for (const run of runs) {
          for (const name of ['Numbers', 'Queue']) await waitForNoReason(page, name);
          const before = await heapBytes(world);
          for (const kind of ['markup', 'huge-numbers', 'deep-json'] as const) {
            demo.control('events', { action: 'nonsense', kind });
          }
          // Its n is infinite. The queue is an object with an infinite member, then one that is too deep.
          await waitForReason(page, 'Numbers', 'live', `${UNREADABLE} not a value that JSON can hold`);
          await waitForReason(page, 'Queue', 'live', `${UNREADABLE} not a value that JSON can hold (2 times)`);
          const valuesOf = (wanted: string) =>
            watched.batches.flatMap(({ feed, updates }) => (feed === wanted ? updates.map(({ value }) => value) : []));
          await waitFor('the markup', async () => {
            await watched.look();
            return valuesOf('lines').some((value) => String(value).includes('<b>bold'));
          });
          await waitFor('the huge number', async () => {
            await watched.look();
            return valuesOf('running').includes(-1e308);
          });
          const odd = valuesOf('queue').filter((value) => !Number.isFinite(value));
          assert.deepEqual(odd, ['<img src=x onerror=alert(1)>'], 'what of the queue is no number');
          assert.ok(
            valuesOf('numbers').every((value) => Number.isFinite(value)),
            'a number that is none',
          );
          const made = await page.inShadows(
            (roots: ShadowRoot[]) => roots.flatMap((root) => [...root.querySelectorAll('b, img, script')]).length,
          );
          assert.equal(made, 0, 'elements made of values');

          // Feeds that this run has for itself: what is said of them is of this run.
          await world.configure(...demoFeeds(demo), ...endlessFeeds(endless, run));
          await page.bringToFront();
          const names = endlessFeeds(endless, run).map(({ name }) => name);
          for (const name of names) await openDetails(page, name);
          const { ended } = endless.json;
          await waitForReason(page, `Body ${run}`, 'waiting', TOO_LARGE);
          await waitFor('the endless answer to be cut', () => endless.json.ended > ended);
          await waitForReason(page, `Line ${run}`, 'live', TOO_LARGE, LATEST_RETRY_MS);
          await waitForReason(page, `Line ${run}`, 'stale', 'nothing arrives', LATEST_RETRY_MS);
          for (const name of ['ftp', 'data', 'about']) {
            await waitForReason(page, `${name} ${run}`, 'blocked', 'redirects to another address', LATEST_RETRY_MS);
            const asked = endless.requests.get(`/${name}?${run}`) ?? 0;
            assert.ok(asked > 0, `the redirect to ${name} was asked for`);
          }
          const { longestBytes } = endless.json;
          assert.ok(longestBytes < TAKEN_LIMIT_BYTES, `${longestBytes} bytes of an endless answer were taken`);
          await world.configure(...demoFeeds(demo));
          await page.bringToFront();
          const moment = world.moment();
          await watched.goesOn(moment);
          const grown = (await heapBytes(world)) - before;
          assert.ok(grown < GROWTH_LIMIT_BYTES, `the background grew by ${grown} bytes`);
          await watched.settle();
          demo.control('events', { action: 'rate', perSecond: 50 });
        }
        await watched.settle();
      } finally {
        endless.close();
      }
    },
  },
];

/** Feeds of the demo's events, which share a connection. */
const demoFeeds = (demo: Demo): Feed[] => [
  numbersFeed(demo),
  linesFeed(demo),
  { ...numbersFeed(demo), id: 'queue', name: 'Queue', path: '$.queue' },
  { ...numbersFeed(demo), id: 'running', name: 'Running', path: '$.running' },
];

/** Feeds of the endless server, with addresses that no other run has. */
function endlessFeeds({ jsonUrl, eventsUrl, redirectUrls }: EndlessServer, run: number): Feed[] {
  const poll = (name: string, address: string): Feed => ({
    id: `${name.toLowerCase()}-${run}`,
    name: `${name} ${run}`,
    kind: 'state',
    source: { type: 'poll', address: `${address}?${run}` },
    path: '$',
    unit: '',
    paceMs: 1_000,
  });
  return [
    poll('Body', jsonUrl),
    {
      ...poll('Line', eventsUrl),
      kind: 'event',
      source: {
        type: 'sse',
        address: `${eventsUrl}?${run}`,
        event: null,
        consecutiveIds: false,
        silentAfterMs: 2_000,
      },
    },
    ...Object.entries(redirectUrls).map(([name, address]) => poll(name, address)),
  ];
}

/** Waits until a feed is live and the panel says nothing against its data; a stream's refusals are shown for 10 s. */
const waitForNoReason = (page: TestPage, name: string): Promise<unknown> =>
  waitForReason(page, name, 'live', 'Values are current', LIMIT_MS);

async function heapBytes({ name, browser }: World): Promise<number> {
  return name === 'chromium' ? browser.extension.backgroundHeapBytes() : 0;
}
