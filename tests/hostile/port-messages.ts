/** The messages of both ports, well-formed: what the hostile ones are made from. */
import fc from 'fast-check';
import { MAX_MESSAGE_BYTES } from '../../utils/stream/protocol';
import { nearly, SPECIAL_KEYS } from './hostile-values';

const id = fc.oneof(fc.constantFrom('f', 'g', 'e', 'epoch-1', ...SPECIAL_KEYS.filter((key) => key !== '')), fc.uuid());
const count = fc.oneof(fc.nat({ max: 6 }), fc.maxSafeNat());
const cursor = fc.record({ epoch: id, seq: count });
const heartbeat = fc.record({ type: fc.constantFrom('PING', 'PONG'), id: count });
const pauseReason = fc.constantFrom('hidden', 'person');

export const startUpdates = fc.record({
  type: fc.constant('START_UPDATES'),
  protocol: fc.constantFrom(2, 2, 2, 1),
  streamId: fc.constantFrom('s', 't', 'u', 'v', 'w', 'x'),
  everyMs: fc.integer({ min: 16, max: 60_000 }),
  resume: fc.dictionary(id, cursor, { maxKeys: 3 }),
});

const note = fc.jsonValue({ maxDepth: 2 });

const toBackground = fc.oneof(
  { weight: 3, arbitrary: startUpdates as fc.Arbitrary<object> },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('ACK'), batch: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('PAUSE', 'RESUME'), reason: pauseReason }) },
  { weight: 1, arbitrary: fc.constant({ type: 'STOP_UPDATES' }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('NOTE'), note }) },
  { weight: 2, arbitrary: heartbeat },
);

const feedInfo = fc.record({
  id,
  name: fc.string({ maxLength: 20 }),
  kind: fc.constantFrom('state', 'event'),
  unit: fc.constantFrom('', 's'),
  epoch: id,
  definition: id,
  staleAfterMs: fc.option(fc.integer({ min: 1 })),
});

const updates = fc
  .array(fc.record({ step: fc.oneof(fc.constant(1), count), at: count, value: fc.jsonValue({ maxDepth: 2 }) }), {
    maxLength: 6,
  })
  .map((list) => {
    let seq = 0;
    return list.map(({ step, at, value }) => ({ seq: (seq += Math.max(1, step)), at, value }));
  });

const feedBatch = fc.record({
  feed: id,
  epoch: id,
  continues: fc.boolean(),
  updates,
  merged: count,
  lost: count,
  confirmedAt: fc.option(count),
});

export const started = fc.record({
  type: fc.constant('STARTED'),
  protocol: fc.constant(2),
  feeds: fc.array(feedInfo, { maxLength: 4 }),
  window: fc.integer({ min: 1, max: 1_000 }),
  maxMessageBytes: fc.constant(MAX_MESSAGE_BYTES),
  note,
});

const toPage = fc.oneof(
  { weight: 1, arbitrary: started as fc.Arbitrary<object> },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('UPDATES'),
      batch: fc.integer({ min: 1, max: 6 }),
      feeds: fc.array(feedBatch, { maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('STATUS'),
      feed: id,
      state: fc.constantFrom('waiting', 'live', 'stale', 'retrying', 'blocked'),
      since: count,
      reason: fc.option(fc.record({ code: id, detail: fc.string({ maxLength: 20 }) })),
      retryAt: fc.option(count),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('CLOSE'),
      reason: id,
      detail: fc.string({ maxLength: 20 }),
      retry: fc.boolean(),
      afterMs: count,
    }),
  },
  { weight: 2, arbitrary: heartbeat },
);

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom('', ' ', 'x'.repeat(4_096), '\ud800'.repeat(2_000)),
);

const toResponder = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('SEND'),
      id,
      text,
      to: fc.option(fc.constantFrom('builds', 'nobody', '__proto__')),
    }) as fc.Arbitrary<object>,
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('PING'), id: count }) },
);

const entry = fc.record({
  id,
  at: count,
  from: fc.constantFrom('person', 'background'),
  text,
  to: fc.option(fc.constant('Builds')),
  answers: fc.option(id),
  outcome: fc.option(fc.constantFrom('received', 'accepted', 'refused')),
});
const addressees = fc.array(fc.record({ id, name: fc.string({ maxLength: 20 }) }), { maxLength: 3 });

export const transcriptMessage = fc.record({
  type: fc.constant('TRANSCRIPT'),
  entries: fc.array(entry, { maxLength: 4 }),
  addressees,
});

const toPanel = fc.oneof(
  { weight: 2, arbitrary: transcriptMessage as fc.Arbitrary<object> },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('ENTRY'), entry }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('REFUSED'),
      id,
      reason: fc.constantFrom('empty', 'too-long', 'too-fast', 'no-such-addressee'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ADDRESSEES'), addressees }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('PONG'), id: count }) },
);

/** Nearly what a page sends on the `updates` port. */
export const nearlyToBackground = nearly(toBackground);
/** Nearly what the background sends on it. */
export const nearlyToPage = nearly(toPage);
/** Nearly what a panel sends on the `conversation` port. */
export const nearlyToResponder = nearly(toResponder);
/** Nearly what the background sends on it. */
export const nearlyToPanel = nearly(toPanel);
