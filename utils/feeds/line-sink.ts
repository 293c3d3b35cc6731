import type { Sink, SourceStatus } from './source';
import type { TrackedFeed } from './tracked-feed';

/** Hands what a source tells to each of its feeds. `isWritten`: what comes will be written. */
export function createLineSink(
  isPolled: boolean,
  {
    feeds,
    isWritten,
    onId,
    onStatus,
  }: {
    feeds: () => Iterable<TrackedFeed>;
    isWritten: () => boolean;
    onId: (id: string) => void;
    onStatus: (status: SourceStatus) => void;
  },
): Sink {
  const forEach =
    <Args extends unknown[]>(take: (feed: TrackedFeed, ...args: Args) => void) =>
    (...args: Args): void => {
      for (const feed of feeds()) take(feed, ...args);
    };
  return {
    // An answer asked for is nothing new; that it changed is.
    onData: forEach((feed, data) => feed.take(data, { isWritten: isWritten(), onlyChanged: isPolled })),
    onFresh: forEach((feed) => feed.takeFresh()),
    onLife: forEach((feed) => feed.takeLife()),
    onMissed: forEach((feed, count) => {
      if (feed.feed.kind === 'state') feed.note({ mayHaveMissed: true });
      else feed.log.skip(count);
    }),
    onNewHistory: forEach((feed) => {
      feed.log.restart();
      feed.tellNews();
    }),
    onBad: forEach((feed, code, detail) => feed.takeBad(code, detail)),
    onId,
    onStatus,
  };
}
