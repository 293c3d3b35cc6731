/**
 * All feeds of the settings, and the connections they share. It holds the logs, in memory; `segments` has what of them
 * outlives the background. The owner calls `configure` first.
 */
import type { FeedReader } from '../stream/feed-reader';
import { createEpochId } from './epochs';
import type { Feed } from './feed';
import { createHeapBudget } from './heap-budget';
import { createPatience } from './patience';
import { createPulse } from './pulse';
import type { PulseStats } from './pulse';
import { createRealm } from './realm';
import type { Realm } from './realm';
import type { Segments } from './segments';
import type { SendResult, SourceDeps } from './source';
import { createWriteBudget, WRITE_LIMITS } from './write-budget';

export interface HubOptions {
  deps: SourceDeps;
  segments: Segments;
  /** What the background measures of itself, for `pulse` feeds. */
  pulseStats: () => PulseStats;
  /** Makes an id that was never used before. Default: {@link createEpochId}. */
  newEpoch?: () => string;
}

/** For which kind of window. Those of the two kinds share no connection. */
export interface ForWindow {
  isPrivate: boolean;
}

export interface Hub {
  /**
   * Takes the feeds of new settings; of two with one id the later counts. Connections that no feed names any more end.
   * @param options.prune whether what was kept of those is removed; default `true`. `false` for settings that stand in for
   * others that could not be read: those may come back
   */
  configure(feeds: readonly Feed[], options?: { prune: boolean }): void;
  /**
   * A viewer's access to a feed; `null` when there is none of this id. Waits for what was kept of it, 10 s at most. For a
   * private window nothing is written, and nothing that was kept is used.
   */
  reader(feedId: string, options: ForWindow): Promise<FeedReader | null>;
  /** Hands a text to the WebSocket of a feed, which must be open, that is: watched. By default in a normal window. */
  send(feedId: string, text: string, options?: ForWindow): SendResult;
  /** How many sources are connected, or try to be; `pulse` does not count. */
  openConnections(): number;
  /** Opens sources again to which the browser gave or took access since they were opened. Never rejects. */
  recheckAccess(): Promise<void>;
  /** Ends the connections of private windows and forgets what they got: the last such window was closed. */
  forgetPrivate(): void;
  /** Ends every connection for good. */
  end(): void;
}

/** Makes a hub without feeds. */
export function createHub({ deps, segments, pulseStats, newEpoch = createEpochId }: HubOptions): Hub {
  const shared = { deps, heap: createHeapBudget(), readPulse: createPulse(pulseStats, deps.now), newEpoch };
  const disk = { segments, patience: createPatience(deps), budget: createWriteBudget(WRITE_LIMITS.all, deps) };
  const normal = createRealm({ ...shared, disk });
  const secret = createRealm({ ...shared, disk: null });
  const both = [normal, secret];
  let feeds: readonly Feed[] = [];
  const realmFor = ({ isPrivate }: ForWindow): Realm => (isPrivate ? secret : normal);

  return {
    configure(next, { prune } = { prune: true }) {
      feeds = [...new Map(next.map((feed) => [feed.id, feed])).values()];
      for (const realm of both) realm.configure(feeds, { isStandIn: !prune });
      // Refused like any other use of the database: leftovers are removed another time.
      if (!prune) return;
      const { all, durable } = normal.keys();
      segments.prune(durable, all).catch(() => {});
    },
    reader: (feedId, options) => realmFor(options).reader(feedId),
    send: (feedId, text, options = { isPrivate: false }) => realmFor(options).send(feedId, text),
    openConnections: () => both.reduce((sum, realm) => sum + realm.openLines(), 0),
    async recheckAccess() {
      await Promise.all(both.map((realm) => realm.recheckAccess()));
    },
    forgetPrivate() {
      secret.end();
      secret.configure(feeds, { isStandIn: false });
    },
    end() {
      for (const realm of both) realm.end();
    },
  };
}
