/**
 * What of a connection outlives the background: the logs of its feeds and the id of its last event, together, because
 * one without the other would bring events twice or not at all. Written as segments: each says what is new since the one
 * before, and from time to time one says everything and replaces the others.
 *
 * Nothing here rejects: a database may be refused, full, closed or never answer, and the stream goes on without it.
 */
import type { Cursor, Json } from '../stream/protocol';
import type { KeptLog, KeptUpdate } from './log';
import type { Patience } from './patience';
import type { Segments } from './segments';
import type { WriteBudget } from './write-budget';

/** A connection as it is kept; `feeds` by a key that names the feed, its kind and its path. */
export interface Checkpoint {
  lastEventId: string | null;
  feeds: Record<string, KeptLog>;
}

/** What is to be kept of a connection; of each feed a {@link KeptLog} as JSON. */
export interface CheckpointTexts {
  lastEventId: string | null;
  feeds: Record<string, string>;
}

/** `unknown`: it did not answer in time, so it may be kept or not. */
export type SaveOutcome = 'kept' | 'refused' | 'unknown';

export interface CheckpointFile {
  /** Whether the next {@link save} has to give everything. */
  readonly needsAll: boolean;
  /** {@link load} was late or refused, or found what it could not read: what comes may not follow what was kept. */
  readonly isUnread: boolean;
  /** What is kept; `null` when there is nothing, or nothing that can be read. */
  load(): Promise<Checkpoint | null>;
  /** Keeps everything, or what is new since the last that was kept. Not to be called again before it has answered. */
  save(checkpoint: CheckpointTexts, isAll: boolean): Promise<SaveOutcome>;
}

/**
 * Characters and segments after which everything is written anew. Both bound what a start has to read beyond the logs. Where
 * all of it is longer than half of these characters, twice its length counts: rewriting must not become most of the writing.
 */
export const COMPACT_AFTER = { characters: 8 * 1024 * 1024, segments: 2_000 } as const;

/**
 * How long a read may take, in ms. A page whose handshake was not answered after 3 s comes again and waits for the same read,
 * which is better than a history that is not known any more: a busy machine takes seconds for it.
 */
export const LOAD_LIMIT_MS = 10_000;

/** How long a write may take, in ms. Pages see nothing of a batch before it is written. */
export const SAVE_LIMIT_MS = 2_000;

interface SegmentText extends Checkpoint {
  version: 1 | 2;
  isAll: boolean;
}

type Fields = Record<string, unknown>;

const isObject = (x: unknown): x is Fields => typeof x === 'object' && x !== null && !Array.isArray(x);
const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
const isCursor = (x: unknown): x is Cursor => isObject(x) && typeof x['epoch'] === 'string' && isCount(x['seq']);

function areUpdates(x: unknown): x is KeptUpdate[] {
  if (!Array.isArray(x)) return false;
  let last = 0;
  for (const update of x as unknown[]) {
    if (!Array.isArray(update) || update.length !== 3 || !isCount(update[0]) || !isCount(update[1])) return false;
    if (update[0] <= last) return false;
    last = update[0];
  }
  return true;
}

const isKeptLog = (x: unknown): x is KeptLog =>
  isObject(x) &&
  typeof x['epoch'] === 'string' &&
  isCount(x['seq']) &&
  (x['former'] === undefined || (Array.isArray(x['former']) && x['former'].every(isCursor))) &&
  areUpdates(x['updates']);

function parseSegment(text: string): SegmentText | null {
  let x: unknown;
  try {
    x = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  const holds =
    isObject(x) &&
    (x['version'] === 1 || x['version'] === 2) &&
    typeof x['isAll'] === 'boolean' &&
    (x['lastEventId'] === null || typeof x['lastEventId'] === 'string') &&
    isObject(x['feeds']) &&
    Object.values(x['feeds']).every(isKeptLog);
  return holds ? (x as unknown as SegmentText) : null;
}

function segmentText({ lastEventId, feeds }: CheckpointTexts, isAll: boolean): string {
  const logs = Object.entries(feeds).map(([key, log]) => `${JSON.stringify(key)}:${log}`);
  return `{"version":2,"isAll":${isAll},"lastEventId":${JSON.stringify(lastEventId)},"feeds":{${logs.join(',')}}}`;
}

/** Puts what is new behind what was there, in place, unless it is of another history; `null` when that cannot be told. */
function merge(old: KeptLog | undefined, next: KeptLog): KeptLog | null {
  const former = next.former ?? (old?.epoch === next.epoch ? old.former : undefined);
  if (former === undefined) return null;
  const isSame = old?.epoch === next.epoch || former.some(({ epoch }) => epoch === old?.epoch);
  if (old === undefined || !isSame) return next;
  for (const update of next.updates) if (update[0] > old.seq) old.updates.push(update);
  return { ...next, former, updates: old.updates };
}

/** Puts segments together; `null` when one of them cannot be read or the first does not say everything. */
export function joinSegments(texts: readonly string[]): Checkpoint | null {
  let joined: Checkpoint | null = null;
  for (const text of texts) {
    const segment = parseSegment(text);
    if (segment === null) return null;
    if (segment.isAll) joined = { lastEventId: null, feeds: {} };
    if (joined === null) return null;
    joined.lastEventId = segment.lastEventId;
    for (const [key, log] of Object.entries(segment.feeds)) {
      const merged = merge(joined.feeds[key], log);
      if (merged === null) return null;
      joined.feeds[key] = merged;
    }
  }
  return joined;
}

/** Opens what is kept of one connection. Nothing is read or written before it is asked. */
export function createCheckpointFile(
  connection: string,
  segments: Segments,
  { patience: { within }, budget }: { patience: Patience; budget: WriteBudget },
): CheckpointFile {
  let needsAll = true;
  let isUnread = false;
  let nextNumber = 0;
  let count = 0;
  /** Since everything was written. */
  let characters = 0;
  /** Of everything, when it was written last. */
  let allCharacters = 0;
  /** A write that did not answer in time. */
  let isHanging = false;

  return {
    get needsAll() {
      const limit = Math.max(COMPACT_AFTER.characters, 2 * allCharacters);
      return needsAll || count >= COMPACT_AFTER.segments || characters >= limit;
    },
    get isUnread() {
      return isUnread;
    },
    async load() {
      const answer = await within(LOAD_LIMIT_MS, () => segments.load(connection));
      isUnread = answer.kind !== 'done';
      if (answer.kind !== 'done') return null;
      const found = answer.value;
      nextNumber = (found.at(-1)?.[0] ?? -1) + 1;
      const joined = joinSegments(found.map(([, text]) => text));
      needsAll = joined === null;
      isUnread = joined === null && found.length > 0;
      count = found.length;
      allCharacters = found[0]?.[1].length ?? 0;
      characters = found.slice(1).reduce((sum, [, text]) => sum + text.length, 0);
      return joined;
    },
    async save(checkpoint, isAll) {
      if (isHanging) return 'refused';
      const text = segmentText(checkpoint, isAll);
      if (!budget.take(text.length)) {
        needsAll = true;
        return 'refused';
      }
      const number = nextNumber;
      nextNumber += 1;
      const saved = await within(SAVE_LIMIT_MS, async () => {
        isHanging = true;
        try {
          await (isAll ? segments.replace(connection, number, text) : segments.put(connection, number, text));
        } finally {
          isHanging = false;
        }
      });
      // After a write that may be missing the next one cannot say "since the last".
      needsAll = saved.kind !== 'done';
      count = isAll ? 1 : count + 1;
      characters = isAll ? 0 : characters + text.length;
      if (isAll) allCharacters = text.length;
      if (saved.kind === 'late') return 'unknown';
      return saved.kind === 'done' ? 'kept' : 'refused';
    },
  };
}
