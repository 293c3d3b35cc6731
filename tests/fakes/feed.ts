import type { FeedReader, FollowListener } from '../../utils/stream/feed-reader.ts';
import type { FeedInfo, FeedStatus, Json, Update } from '../../utils/stream/protocol.ts';

/** A feed in memory, with as many readers as asked for. Keeps everything. */
export interface FakeFeed {
  reader(): FeedReader;
  push(...values: Json[]): void;
  /** A new history, empty. */
  restart(): void;
  /** The source says that the newest value still holds. */
  confirm(at: number): void;
  setStatus(status: Partial<FeedStatus>): void;
  /** From now on `save` takes until {@link finishSaves}. */
  holdSaves(): void;
  finishSaves(): void;
  viewers(): number;
  readonly updates: readonly Update[];
}

const SNAPSHOT_UPDATES = 20;

export function createFakeFeed({
  id = 'feed',
  kind = 'event',
  sample,
}: { id?: string; kind?: FeedInfo['kind']; sample?: () => Json } = {}): FakeFeed {
  const followers = new Set<FollowListener>();
  let epoch = 1;
  let updates: Update[] = [];
  let status: FeedStatus = { feed: id, state: 'live', since: 0, reason: null, retryAt: null };
  let confirmedAt: number | null = null;
  let saves: (() => void)[] | null = null;

  const push = (...values: Json[]): void => {
    for (const value of values) updates.push({ seq: updates.length + 1, at: Date.now(), value });
    for (const { onNews } of followers) onNews();
  };
  const sampleNow = (): void => {
    const value = sample?.() ?? null;
    if (updates.at(-1)?.value !== value) push(value);
  };

  const reader = (): FeedReader => ({
    get info() {
      return { id, name: id, kind, unit: '', epoch: `epoch-${epoch}`, definition: 'd', staleAfterMs: null };
    },
    get status() {
      return status;
    },
    sample: sample ? sampleNow : null,
    read(cursor, maxBytes) {
      const from = cursor?.epoch === `epoch-${epoch}` ? cursor.seq : Math.max(0, updates.length - SNAPSHOT_UPDATES);
      const after = updates.slice(from);
      const reading = {
        epoch: `epoch-${epoch}`,
        continues: cursor?.epoch === `epoch-${epoch}`,
        get seq() {
          return this.updates.at(-1)?.seq ?? from;
        },
        updates: [] as Update[],
        merged: 0,
        lost: 0,
        confirmedAt,
        bytes: 0,
        more: false,
      };
      if (kind === 'state') {
        reading.updates = after.slice(-1);
        reading.bytes = reading.updates.length === 0 ? 0 : JSON.stringify(reading.updates).length;
        reading.merged = cursor ? Math.max(0, after.length - 1) : 0;
        return reading;
      }
      for (const update of after) {
        const bytes = JSON.stringify(update).length + 1;
        if (reading.updates.length > 0 && reading.bytes + bytes > maxBytes) return { ...reading, more: true };
        reading.updates.push(update);
        reading.bytes += bytes;
      }
      return reading;
    },
    waitingBytes: (cursor) =>
      kind === 'state' || cursor === null
        ? 0
        : updates.slice(cursor.seq).reduce((bytes, update) => bytes + JSON.stringify(update).length + 1, 0),
    save: () => (saves ? new Promise((resolve) => saves?.push(resolve)) : undefined),
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
  });

  return {
    reader,
    push,
    restart() {
      epoch += 1;
      updates = [];
      confirmedAt = null;
    },
    confirm(at) {
      confirmedAt = at;
      for (const { onNews } of followers) onNews();
    },
    setStatus(changed) {
      status = { ...status, ...changed };
      for (const { onStatus } of followers) onStatus();
    },
    holdSaves() {
      saves = [];
    },
    finishSaves() {
      const held = saves ?? [];
      saves = null;
      for (const finish of held) finish();
    },
    viewers: () => followers.size,
    get updates() {
      return updates;
    },
  };
}
