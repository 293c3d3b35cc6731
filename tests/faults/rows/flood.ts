import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Feed } from '../../../utils/feeds/feed.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { openDetails, waitForReason } from '../details.ts';
import { closePorts, openPorts, openRawPage, roundTripsOn } from '../raw-ports.ts';
import { both, type FaultRow } from '../row.ts';
import { type FloodServer, startFloodServer } from '../start-flood-server.ts';
import { LATEST_RETRY_MS } from '../watched-page.ts';

/** How long the good feed is looked at, before the flood and in it, in ms. */
const LOOK_MS = 10_000;
const PER_SECOND = 5;
const TOO_MUCH = 'The source sends more than Tidings can take.';
/** How long a port may wait for the answer to a `PING`, in ms. */
const PONG_LIMIT_MS = 500;

/** Rows of a source that sends more than anybody can take. */
export const FLOOD_ROWS: FaultRow[] = [
  {
    number: 36,
    fault: 'flooding source: events, lines without a meaning and frames, as fast as they are taken',
    holds: 'closed as too much; a good feed beside them keeps 9 of 10 batches, and a pong comes within 500 ms',
    browsers: both(
      'three endless sources from a thread of the test, `data:1`, `x` and frames of one character, beside 5 good events a second on a page and a port that asks every 100 ms',
    ),
    runs: { short: 1, long: 10 },
    own: {},
    async induce(world, runs) {
      const { demo } = world;
      const flood = await startFloodServer();
      try {
        const watched = await world.watch({ perSecond: PER_SECOND });
        const { page } = watched;
        const raw = await openRawPage(world);
        const countBatches = async (): Promise<number> => {
          const startedAt = Date.now();
          await delay(LOOK_MS);
          await watched.look();
          return watched.numbers.filter(({ appliedAt }) => appliedAt >= startedAt && appliedAt < startedAt + LOOK_MS)
            .length;
        };
        for (const run of runs) {
          flood.set(false);
          await world.configure(numbersFeed(demo), ...floodFeeds(flood, run));
          await page.bringToFront();
          await openPorts(raw, 1, { starts: true });
          const names = floodFeeds(flood, run).map(({ name }) => name);
          for (const name of names) await openDetails(page, name);
          await waitForReason(page, names.at(-1) ?? '', 'waiting');
          await watched.goesOn(world.moment());
          const usual = await countBatches();
          flood.set(true);
          const [kept, waits] = await Promise.all([countBatches(), roundTripsOn(raw, LOOK_MS)]);
          const longestMs = Math.max(...waits);
          assert.ok(kept >= 0.9 * usual, `${kept} batches in the flood, ${usual} before`);
          assert.ok(longestMs <= PONG_LIMIT_MS, `a pong took ${longestMs} ms`);
          for (const name of names) {
            const state = name.startsWith('Frames') ? 'blocked' : 'retrying';
            await waitForReason(page, name, state, TOO_MUCH, LATEST_RETRY_MS);
          }
          await closePorts(raw);
          demo.control('events', { action: 'rate', perSecond: PER_SECOND });
        }
        await watched.settle();
      } finally {
        await flood.close();
      }
    },
  },
];

/** A feed of each flood, with addresses that no other run has. */
function floodFeeds({ eventsUrl, linesUrl, socketUrl }: FloodServer, run: number): Feed[] {
  const feed = (name: string, kind: Feed['kind'], source: Feed['source']): Feed => ({
    id: `${name.toLowerCase()}-${run}`,
    name: `${name} ${run}`,
    kind,
    source,
    path: '$',
    unit: '',
    paceMs: 1_000,
  });
  const sse = (address: string): Feed['source'] => ({
    type: 'sse',
    address: `${address}?${run}`,
    event: null,
    consecutiveIds: false,
    silentAfterMs: 45_000,
  });
  return [
    feed('Events', 'event', sse(eventsUrl)),
    feed('Junk', 'event', sse(linesUrl)),
    feed('Frames', 'state', {
      type: 'websocket',
      address: `${socketUrl}?${run}`,
      onConnect: [],
      format: 'json',
      silentAfterMs: null,
    }),
  ];
}
