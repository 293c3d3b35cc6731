import type { FeedKind, StatusReason } from '../stream/protocol';
import type { SourceStatus } from './source';

/** All that a feed's state follows from. */
export interface FeedCondition {
  kind: FeedKind;
  /** How its source is. */
  source: SourceStatus;
  hasValue: boolean;
  /** Good answers stopped coming, although the source still answers. */
  isOverdue: boolean;
  /** Its path found nothing in the last data. */
  path: StatusReason | null;
  /** Messages were refused lately. */
  bad: StatusReason | null;
  notKept: StatusReason | null;
  mayHaveMissed: StatusReason | null;
}

/**
 * The state of a feed, and the reason that matters most. A feed is live only when its own value is: a source that answers
 * without it does not make it so.
 *
 * | source | feed | state | reason |
 * |---|---|---|---|
 * | not live | | the source's | the source's |
 * | live | the path finds nothing | `stale` with a value, else `waiting` | `path` |
 * | live | no good answer for too long | `stale` | what was bad |
 * | live | a state feed without a value | `waiting` | what was bad |
 * | live | else | `live` | bad data, not kept, of events what its source says while it is live or may have missed, none |
 */
export function feedStatus(now: FeedCondition): SourceStatus {
  if (now.source.state !== 'live') return now.source;
  const status = (state: SourceStatus['state'], reason: StatusReason | null): SourceStatus => ({
    state,
    reason,
    retryAt: null,
  });
  if (now.path !== null) return status(now.hasValue ? 'stale' : 'waiting', now.path);
  if (now.isOverdue) return status('stale', now.bad);
  if (now.kind === 'state' && !now.hasValue) return status('waiting', now.bad);
  const said = now.kind === 'event' ? now.source.reason : null;
  return status('live', now.bad ?? now.notKept ?? said ?? now.mayHaveMissed);
}
