/** Feeds of the demo's sources that rows need beside the numbers. */
import type { Feed } from '../../utils/feeds/feed.ts';
import { numbersFeed } from '../browser/applied.ts';
import type { Demo } from '../servers/demo.ts';

/** How many streams the background has open, told by itself. */
export const streamsFeed: Feed = {
  id: 'streams',
  name: 'Open streams',
  kind: 'state',
  source: { type: 'pulse' },
  path: '$.openStreams',
  unit: '',
  paceMs: 1_000,
};

/** The log lines of the events; shares their connection with the numbers. */
export const linesFeed = (demo: Demo): Feed => ({ ...numbersFeed(demo), id: 'lines', name: 'Lines', path: '$.line' });

/** The newest number of the events, as a state. */
export const newestFeed = (demo: Demo): Feed => ({ ...numbersFeed(demo), id: 'newest', name: 'Newest', kind: 'state' });

/** The numbers of the WebSocket's messages. */
export const socketFeed = ({ port }: Demo): Feed => ({
  id: 'socket',
  name: 'Socket',
  kind: 'event',
  source: {
    type: 'websocket',
    address: `ws://localhost:${port}/socket`,
    onConnect: [],
    format: 'json',
    silentAfterMs: 45_000,
  },
  path: '$.n',
  unit: '',
  paceMs: 1_000,
});

/** The depth of the queue, asked once a second. */
export const depthFeed = ({ url }: Demo): Feed => ({
  id: 'depth',
  name: 'Depth',
  kind: 'state',
  source: { type: 'poll', address: `${url}/pipeline.json` },
  path: '$.queue.depth',
  unit: '',
  paceMs: 1_000,
});
