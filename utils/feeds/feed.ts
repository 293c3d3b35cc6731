import * as v from 'valibot';
import type { FeedKind } from '../stream/protocol';
import { checkAddress } from './address';
import type { SCHEMES } from './address';
import { parsePath } from './select';

/** Where a feed's data is from. The address is the same text for the same place: `URL` has normalised it. */
export type SourceDefinition =
  /** Built in, no network. */
  | { type: 'pulse' }
  | { type: 'poll'; address: string }
  /** `event`: only events of this type; `null`: all. `consecutiveIds`: each id is the one before plus 1. */
  | { type: 'sse'; address: string; event: string | null; consecutiveIds: boolean; silentAfterMs: number }
  /** `onConnect`: sent in this order whenever the connection opens. `silentAfterMs`: `null` for no limit. */
  | { type: 'websocket'; address: string; onConnect: string[]; format: 'json' | 'text'; silentAfterMs: number | null };

/** A source as the person defined it. */
export interface Feed {
  id: string;
  name: string;
  kind: FeedKind;
  source: SourceDefinition;
  /** Where the value is in the source's data; {@link parsePath} takes it. */
  path: string;
  unit: string;
  /** How often a polled source is asked, in ms. The fastest feed of a connection sets its pace. */
  paceMs: number;
}

/** A feed, or which field is wrong and why. */
export type ParsedFeed = { ok: true; feed: Feed } | { ok: false; reason: string };

/** How often a source is asked, in ms: no faster than once a second, no slower than once a day. */
export const PACE_MS = { min: 1_000, default: 5_000, max: 86_400_000 } as const;

/**
 * Silence after which an open connection counts as dead, in ms. An event stream has comments for its pauses, so it gets the
 * default. Scripts see no such sign of a WebSocket, for the browser answers its pings, so it has no limit unless the person sets one.
 */
export const SILENT_AFTER_MS = { min: 1_000, default: 45_000, max: 3_600_000 } as const;

const isMissing = (): string => 'is missing';

const text = (min: number, max: number) =>
  v.pipe(
    v.string('a text is expected'),
    v.minLength(min, 'may not be empty'),
    v.maxLength(max, `may have at most ${max} characters`),
  );

const whole = ({ min, max }: { min: number; max: number }) =>
  v.pipe(
    v.number('a number is expected'),
    v.integer('a whole number is expected'),
    v.minValue(min, `must be at least ${min} ms`),
    v.maxValue(max, `may be at most ${max} ms`),
  );

const address = (type: keyof typeof SCHEMES) =>
  v.pipe(
    v.string('an address is expected'),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const checked = checkAddress(dataset.value, type);
      if (checked.ok) return checked.address;
      addIssue({ message: checked.reason });
      return NEVER;
    }),
  );

const path = v.pipe(
  v.string('a path is expected'),
  v.rawCheck(({ dataset, addIssue }) => {
    const parsed = dataset.typed ? parsePath(dataset.value) : null;
    if (parsed?.ok === false) addIssue({ message: parsed.reason });
  }),
);

const source = v.variant(
  'type',
  [
    v.object({ type: v.literal('pulse') }),
    v.object({ type: v.literal('poll'), address: address('poll') }, isMissing),
    v.object(
      {
        type: v.literal('sse'),
        address: address('sse'),
        event: v.optional(v.nullable(text(1, 200)), null),
        consecutiveIds: v.optional(v.boolean('true or false is expected'), false),
        silentAfterMs: v.optional(whole(SILENT_AFTER_MS), SILENT_AFTER_MS.default),
      },
      isMissing,
    ),
    v.object(
      {
        type: v.literal('websocket'),
        address: address('websocket'),
        onConnect: v.optional(
          v.pipe(v.array(text(1, 8_192), 'a list is expected'), v.maxLength(16, 'may have at most 16 messages')),
          [],
        ),
        format: v.optional(v.picklist(['json', 'text'], 'must be "json" or "text"'), 'json'),
        silentAfterMs: v.optional(v.nullable(whole(SILENT_AFTER_MS)), null),
      },
      isMissing,
    ),
  ],
  'must be a pulse, poll, sse or websocket source',
);

const schema = v.object(
  {
    id: text(1, 64),
    name: text(1, 200),
    kind: v.optional(v.picklist(['state', 'event'], 'must be "state" or "event"'), 'state'),
    source,
    path: v.optional(path, '$'),
    unit: v.optional(text(0, 64), ''),
    paceMs: v.optional(whole(PACE_MS), PACE_MS.default),
  },
  ({ expected }) => (expected === 'Object' ? 'a feed is an object' : isMissing()),
);

/** Parses a feed of the settings and fills in what it leaves out. Fields that are not known are dropped. Never throws. */
export function parseFeed(x: unknown): ParsedFeed {
  const parsed = v.safeParse(schema, x, { abortEarly: true });
  if (parsed.success) return { ok: true, feed: parsed.output };
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue);
  return { ok: false, reason: field === null ? issue.message : `${field}: ${issue.message}` };
}
