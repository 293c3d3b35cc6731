import { createHub } from '../../utils/feeds/hub';
import type { Feed } from '../../utils/feeds/feed';
import { createIndexedDbSegments } from '../../utils/feeds/segments';
import { createSourceDeps } from '../../utils/feeds/source-deps';
import type { FeedKind } from '../../utils/stream/protocol';
import { createPublisher, type Publisher } from '../../utils/stream/publisher';
import { InProcessSocket } from './in-process-socket';

/** Where the source of a feed is told its messages. */
export const addressOf = (kind: FeedKind): string => `ws://localhost/${kind}`;

const feedOf = (kind: FeedKind): Feed => ({
  id: kind,
  name: kind,
  kind,
  // The longest that is allowed: a source that is told nothing must not be opened again meanwhile.
  source: { type: 'websocket', address: addressOf(kind), onConnect: [], format: 'json', silentAfterMs: 3_600_000 },
  path: '$',
  unit: '',
  paceMs: 1_000,
});

/** The background of Tidings with two feeds, all of it the product's own but the socket. Each publisher offers one feed. */
export function createTidings(): Record<FeedKind, Publisher> {
  const hub = createHub({
    deps: { ...createSourceDeps(() => true), WebSocket: InProcessSocket as unknown as typeof WebSocket },
    segments: createIndexedDbSegments(),
    pulseStats: () => ({ openStreams: 0, updatesPerSecond: 0, roundTripMs: null }),
  });
  hub.configure([feedOf('state'), feedOf('event')]);
  const publish = (kind: FeedKind): Publisher =>
    createPublisher({
      authorise: async () => ({
        allowed: true,
        open: async () => [await hub.reader(kind, { isPrivate: false })].filter((reader) => reader !== null),
      }),
    });
  return { state: publish('state'), event: publish('event') };
}
