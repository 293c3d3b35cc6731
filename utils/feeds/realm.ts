/**
 * The connections of one kind of window. Those of private windows are their own: nothing that a normal window was given may
 * tell a source that both are one person, and nothing that a private window gets may be kept.
 */
import type { FeedReader } from '../stream/feed-reader';
import { createConnection } from './connection';
import type { Connection, ConnectionDeps } from './connection';
import { connectionKey } from './connection-key';
import type { Feed } from './feed';
import type { SendResult } from './source';
import { feedKey } from './tracked-feed';

export interface Realm {
  /**
   * Takes the feeds of new settings, each id once. Connections that no feed names any more end. `isStandIn`: the settings stand
   * in for others, and lack no feed for good.
   */
  configure(feeds: readonly Feed[], options: { isStandIn: boolean }): void;
  /** The keys of all, and of those of which the logs are kept. */
  keys(): { all: Set<string>; durable: Set<string> };
  /** See {@link Hub.reader}. */
  reader(feedId: string): Promise<FeedReader | null>;
  send(feedId: string, text: string): SendResult;
  openLines(): number;
  recheckAccess(): Promise<void>;
  end(): void;
}

/** Names what is kept of a feed. */
const historyKey = (feed: Feed): string => JSON.stringify([connectionKey(feed.source), feedKey(feed)]);

/** Makes a realm without feeds. */
export function createRealm(options: Omit<ConnectionDeps, 'mayGoOn'>): Realm {
  const connections = new Map<string, Connection>();
  let byId = new Map<string, Connection>();
  /** The feeds that all settings had so far; `null`: there were none yet. */
  let constant: ReadonlySet<string> | null = null;
  const mayGoOn = (feed: Feed): boolean => constant === null || constant.has(historyKey(feed));

  const endExcept = (keep: ReadonlySet<string>): void => {
    for (const [key, connection] of connections) {
      if (keep.has(key)) continue;
      connection.end();
      connections.delete(key);
    }
  };

  return {
    configure(feeds, { isStandIn }) {
      if (!isStandIn) constant = new Set(feeds.filter(mayGoOn).map(historyKey));
      const groups = Map.groupBy(feeds, ({ source }) => connectionKey(source));
      endExcept(new Set(groups.keys()));
      byId = new Map();
      for (const [key, group] of groups) {
        const [first] = group;
        if (first === undefined) continue;
        const connection = connections.get(key) ?? createConnection(first.source, { ...options, mayGoOn });
        connections.set(key, connection);
        connection.setFeeds(group);
        for (const { id } of group) byId.set(id, connection);
      }
    },
    keys: () => ({
      all: new Set(connections.keys()),
      durable: new Set([...connections].flatMap(([key, { isDurable }]) => (isDurable ? [key] : []))),
    }),
    async reader(feedId) {
      const connection = byId.get(feedId);
      await connection?.ready();
      // The settings may have changed meanwhile.
      return byId.get(feedId) === connection ? (connection?.reader(feedId) ?? null) : null;
    },
    send: (feedId, text) => byId.get(feedId)?.send(feedId, text) ?? { ok: false, reason: 'unknown-feed' },
    openLines: () => [...connections.values()].reduce((sum, { openLines }) => sum + openLines, 0),
    async recheckAccess() {
      await Promise.all([...connections.values()].map((connection) => connection.recheckAccess()));
    },
    end() {
      endExcept(new Set());
      byId = new Map();
    },
  };
}
