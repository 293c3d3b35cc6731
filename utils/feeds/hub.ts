/**
 * All feeds of the settings, and the connections they share. It holds the logs, in memory; `segments` has what of them
 * outlives the background. The owner calls `configure` first.
 */
import type { FeedReader } from '../stream/feed-reader';
import { connectionKey, createConnection } from './connection';
import type { Connection } from './connection';
import type { Feed } from './feed';
import { createPatience } from './patience';
import { createPulse } from './pulse';
import type { PulseStats } from './pulse';
import type { Segments } from './segments';
import type { SendResult, SourceDeps } from './source';

export interface HubOptions {
  deps: SourceDeps;
  segments: Segments;
  /** What the background measures of itself, for `pulse` feeds. */
  pulseStats: () => PulseStats;
  /** Makes an id that was never used before. Default: `crypto.randomUUID`. */
  newEpoch?: () => string;
}

export interface Hub {
  /**
   * Takes the feeds of new settings; of two with one id the later counts. Connections that no feed names any more end.
   * @param options.prune whether what was kept of those is removed; default `true`. `false` for settings that stand in for
   * others that could not be read: those may come back
   */
  configure(feeds: readonly Feed[], options?: { prune: boolean }): void;
  /**
   * A viewer's access to a feed; `null` when there is none of this id. Waits for what was kept of it, 10 s at most.
   * @param options.isPrivate for a private window: nothing that only such viewers ask for is written
   */
  reader(feedId: string, options: { isPrivate: boolean }): Promise<FeedReader | null>;
  /** Hands a text to the WebSocket of a feed, which must be open, that is: watched. */
  send(feedId: string, text: string): SendResult;
  /** How many sources are connected, or try to be; `pulse` does not count. */
  openConnections(): number;
  /** Ends every connection for good. */
  end(): void;
}

/** Makes a hub without feeds. */
export function createHub({ deps, segments, pulseStats, newEpoch = () => crypto.randomUUID() }: HubOptions): Hub {
  const readPulse = createPulse(pulseStats, deps.now);
  const patience = createPatience(deps);
  const connections = new Map<string, Connection>();
  let byId = new Map<string, Connection>();

  const endExcept = (keep: ReadonlySet<string>): void => {
    for (const [key, connection] of connections) {
      if (keep.has(key)) continue;
      connection.end();
      connections.delete(key);
    }
  };

  return {
    configure(feeds, { prune } = { prune: true }) {
      const unique = new Map(feeds.map((feed) => [feed.id, feed]));
      const groups = Map.groupBy(unique.values(), (feed) => connectionKey(feed.source));
      endExcept(new Set(groups.keys()));
      byId = new Map();
      const durable = new Set<string>();
      for (const [key, group] of groups) {
        const [first] = group;
        if (first === undefined) continue;
        const connection =
          connections.get(key) ?? createConnection(first.source, { deps, segments, patience, readPulse, newEpoch });
        connections.set(key, connection);
        connection.setFeeds(group);
        for (const feed of group) byId.set(feed.id, connection);
        if (connection.isDurable) durable.add(key);
      }
      // Refused like any other use of the database: what it holds too much is removed another time.
      if (prune) segments.prune(durable, new Set(groups.keys())).catch(() => {});
    },
    async reader(feedId, { isPrivate }) {
      const connection = byId.get(feedId);
      await connection?.ready();
      // The settings may have changed meanwhile.
      return byId.get(feedId) === connection ? (connection?.reader(feedId, !isPrivate) ?? null) : null;
    },
    send: (feedId, text) => byId.get(feedId)?.send(text) ?? { ok: false, reason: 'unknown-feed' },
    openConnections: () => [...connections.values()].filter(({ isOpen }) => isOpen).length,
    end() {
      endExcept(new Set());
      byId = new Map();
    },
  };
}
