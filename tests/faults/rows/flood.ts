import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Feed } from '../../../utils/feeds/feed.ts';
import { numbersFeed } from '../../browser/applied.ts';
import { storeSettings } from '../../browser/save-settings.ts';
import { openDetails, waitForReason } from '../details.ts';
import { closePorts, heardOn, openPorts, openRawPage, roundTripsOn } from '../raw-ports.ts';
import { both, type FaultRow } from '../row.ts';
import { type FloodServer, startFloodServer } from '../start-flood-server.ts';
import { LATEST_RETRY_MS } from '../watched-page.ts';
import type { World } from '../world.ts';

/** How long the good feed is looked at, in ms: less than the time for which a source that floods is closed. */
const LOOK_MS = 45_000;
/** Of the good feed: so few that each is a batch of its own. */
const PER_SECOND = 5;
/** Events of the flood that the background takes while it is looked at, at least: there is one. */
const MANY = 10_000;
const TOO_MUCH = 'The source sends more than Tidings can take';
/** How long a port may wait for the answer to a `PING`, in ms. */
const PONG_LIMIT_MS = 500;

/** Rows of a source that sends more than anybody can take. */
export const FLOOD_ROWS: FaultRow[] = [
  {
    number: 36,
    fault: 'flooding source: events and lines without a meaning, as fast as they are taken; then frames',
    holds:
      'a good feed beside events and lines keeps 9 of 10 batches, and a pong comes within 500 ms; frames are blocked for a minute, and the good feed loses nothing',
    browsers: both(
      'endless sources from a thread of the test, `data:1` and `x`, then frames of one character, beside 5 good events a second on a page and a port of the extension that streams all and asks every 100 ms',
    ),
    runs: { short: 1, long: 10 },
    own: {},
    async induce(world, runs) {
      const { demo } = world;
      const turn = await takeTurn();
      const flood = await startFloodServer();
      try {
        const watched = await world.watch({ perSecond: PER_SECOND });
        const { page } = watched;
        const raw = await openRawPage(world);
        /** Batches that the page applied while it is looked at, and events that the source told in that time. */
        const countBatches = async (): Promise<{ kept: number; told: number }> => {
          const { at, newest } = world.moment();
          await delay(LOOK_MS);
          const told = world.moment().newest - newest;
          await watched.look();
          const batches = new Set(watched.numbers.map(({ appliedAt }) => appliedAt));
          return { kept: [...batches].filter((time) => time >= at && time < at + LOOK_MS).length, told };
        };
        for (const run of runs) {
          const [frames, ...streams] = floodFeeds(flood, run);
          flood.set(true);
          await showOnlyFirst(world, numbersFeed(demo), ...streams);
          await openPorts(raw, 1, { starts: true });
          await page.bringToFront();
          await watched.goesOn(world.moment());
          const [{ kept, told }, waits] = await Promise.all([countBatches(), roundTripsOn(raw, LOOK_MS)]);
          const longestMs = Math.max(...waits);
          assert.ok(kept >= 0.9 * told, `${kept} batches of ${told} events`);
          assert.ok(longestMs <= PONG_LIMIT_MS, `a pong took ${longestMs} ms`);
          const [heard] = await heardOn(raw);
          const taken = heard?.updates[streams[0]?.id ?? ''] ?? 0;
          assert.ok(taken >= MANY, `${taken} events of the flood were taken`);
          await closePorts(raw);
          // Nothing holds back a sender of frames: browsers hand over all that they have read, also when the socket is closed.
          await world.configure(numbersFeed(demo), frames);
          await page.bringToFront();
          await openDetails(page, frames.name);
          await waitForReason(page, frames.name, 'blocked', TOO_MUCH, LATEST_RETRY_MS);
          await watched.goesOn(world.moment());
          flood.set(false);
          await world.configure(numbersFeed(demo));
          await page.bringToFront();
          demo.control('events', { action: 'rate', perSecond: PER_SECOND });
        }
        await watched.settle();
      } finally {
        await flood.close();
        turn.end();
      }
    },
  },
];

let lastTurn = Promise.resolve();

/** One flood at a time: the two browsers share two cores, and a flood takes one of them before it reaches a browser. */
async function takeTurn(): Promise<{ end(): void }> {
  const before = lastTurn;
  const { promise, resolve } = Promise.withResolvers<void>();
  lastTurn = promise;
  await before;
  return { end: resolve };
}

/** The first feed on pages, where drawing the others would count too; all of them on pages of the extension. */
const showOnlyFirst = (world: World, first: Feed, ...others: Feed[]): Promise<void> =>
  storeSettings(world.browser, {
    version: 1,
    feeds: [first, ...others],
    sites: [{ id: 'demo', patterns: ['http://localhost/*'], feeds: [first.id] }],
  });

/** A feed of each flood, with addresses that no other run has. */
function floodFeeds({ eventsUrl, linesUrl, socketUrl }: FloodServer, run: number): [frames: Feed, ...streams: Feed[]] {
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
    feed('Frames', 'state', {
      type: 'websocket',
      address: `${socketUrl}?${run}`,
      onConnect: [],
      format: 'json',
      silentAfterMs: null,
    }),
    feed('Events', 'event', sse(eventsUrl)),
    feed('Junk', 'event', sse(linesUrl)),
  ];
}
