import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  advance,
  type Blocker,
  BUDGET_WINDOW_MS,
  CONNECT_BUDGET,
  type ConnectionEvent,
  type ConnectionState,
  type Effect,
  INITIAL_STATE,
  PROVEN_AFTER_MS,
  RETRY_MIN_MS,
} from '../../../utils/stream/connection';

const BLOCKERS: Blocker[] = ['prerendering', 'cached', 'frozen', 'hidden', 'person'];
const lost: ConnectionEvent = { type: 'lost', cause: 'disconnect' };
const blocked = (blocker: Blocker): ConnectionEvent => ({ type: 'blocked', blocker });
const unblocked = (blocker: Blocker): ConnectionEvent => ({ type: 'unblocked', blocker });
const dismissed = (retry: boolean, afterMs = 0): ConnectionEvent => ({
  type: 'dismissed',
  reason: 'not-allowed',
  detail: '',
  retry,
  afterMs,
});

/** Runs events at given times in ms; random is always 0.5. */
function run(events: (ConnectionEvent | [at: number, event: ConnectionEvent])[], from = INITIAL_STATE) {
  let state: ConnectionState = from;
  let effects: Effect[] = [];
  for (const item of events) {
    const [now, event] = Array.isArray(item) ? item : ([0, item] as const);
    ({ state, effects } = advance(state, event, { now, random: 0.5 }));
  }
  return { state, name: state.name, effects: effects.map(({ type }) => type) };
}

const START: ConnectionEvent = { type: 'start' };
const STARTED: ConnectionEvent = { type: 'started' };
const DUE: ConnectionEvent = { type: 'due' };
const LIVE = [START, STARTED];

describe('connection', () => {
  test.each<[string, Parameters<typeof run>[0], string, string[]]>([
    ['connects at the start', [START], 'connecting', ['wait', 'connect']],
    ['does not connect while hidden', [blocked('hidden'), START], 'idle', []],
    ['does not connect while prerendered', [blocked('prerendering'), START], 'idle', []],
    [
      'connects once it is activated',
      [blocked('prerendering'), START, unblocked('prerendering')],
      'connecting',
      ['wait', 'connect'],
    ],
    ['waits for the last blocker', [blocked('hidden'), blocked('person'), START, unblocked('hidden')], 'idle', []],
    ['is live after the handshake', LIVE, 'live', []],
    ['pauses when hidden', [...LIVE, blocked('hidden')], 'paused', ['post']],
    ['stays paused when the person pauses too', [...LIVE, blocked('hidden'), blocked('person')], 'paused', []],
    ['resumes when shown', [...LIVE, blocked('hidden'), unblocked('hidden')], 'live', ['post']],
    ['lets go of the port in the bfcache', [...LIVE, blocked('cached')], 'idle', ['drop']],
    ['lets go of a paused port in the bfcache', [...LIVE, blocked('hidden'), blocked('cached')], 'idle', ['drop']],
    ['lets go of the port when frozen', [...LIVE, blocked('frozen')], 'idle', ['drop']],
    [
      'connects on the way back from the bfcache',
      [...LIVE, blocked('cached'), unblocked('cached')],
      'connecting',
      ['wait', 'connect'],
    ],
    ['lets go of a port not started when hidden', [START, blocked('hidden')], 'idle', ['drop']],
    ['waits when the port is lost', [...LIVE, lost], 'waiting', ['drop', 'wait']],
    ['connects when the wait is over', [...LIVE, lost, DUE], 'connecting', ['wait', 'connect']],
    ['rests when the wait is over and it is hidden', [...LIVE, blocked('hidden'), lost, DUE], 'idle', []],
    ['waits when it is sent away for now', [...LIVE, dismissed(true)], 'waiting', ['drop', 'wait']],
    ['closes when it is sent away for good', [...LIVE, dismissed(false)], 'closed', ['cancel-wait', 'drop']],
    ['closes while it waits', [...LIVE, lost, { type: 'end', reason: 'invalidated' }], 'closed', ['cancel-wait']],
    ['stays closed', [...LIVE, { type: 'end', reason: 'stopped' }, START, unblocked('hidden'), DUE], 'closed', []],
    ['ignores a second handshake', [...LIVE, STARTED], 'live', []],
    ['ignores a late disconnect', [...LIVE, blocked('cached'), lost], 'idle', []],
  ])('%s', (_, events, name, effects) => {
    expect(run(events)).toMatchObject({ name, effects });
  });

  test('first retry comes at once after a port that worked, later ones back off', () => {
    const first = run([...LIVE, [PROVEN_AFTER_MS, lost]]).state;
    expect(first.retryAt).toBe(PROVEN_AFTER_MS + 10);
    const delays = [];
    let state = first;
    for (let attempt = 1; attempt < 12; attempt += 1) {
      state = run([DUE, lost], { ...state, unproven: [] }).state;
      delays.push(state.retryAt);
    }
    expect(delays).toEqual([160, 260, 460, 860, 1660, 3260, 6460, 40_060, 40_060, 40_060, 40_060]);
  });

  test.each<[string, ConnectionState]>([
    ['one that never had its handshake', run([START]).state],
    ['one that lived for less than a second', run(LIVE).state],
  ])('first retry waits out an update of the extension after %s', (_, state) => {
    expect(run([[PROVEN_AFTER_MS - 1, lost]], state).state.retryAt).toBe(PROVEN_AFTER_MS - 1 + RETRY_MIN_MS + 10);
  });

  test('a close reason that names a time is obeyed after a port that worked, too', () => {
    expect(run([...LIVE, [PROVEN_AFTER_MS, dismissed(true, 100)]]).state.retryAt).toBe(PROVEN_AFTER_MS + 100);
  });

  test('looks after each connect, and before it would look for anything else, whether the extension is still there', () => {
    const { effects } = advance(INITIAL_STATE, START, { now: 0, random: 0 });
    expect(effects).toEqual([{ type: 'wait', ms: RETRY_MIN_MS }, { type: 'connect' }]);
    expect(run([START, DUE])).toMatchObject({ name: 'connecting', effects: [] });
    expect(run([...LIVE, DUE])).toMatchObject({ name: 'live', effects: [] });
  });

  test('after eight retries in vain the page is silent for longer than a background that threw at its start lives', () => {
    let { state } = run([START]);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const { effects, state: next } = advance(state, lost, { now: 0, random: 0 });
      for (const effect of effects) if (effect.type === 'wait') waits.push(effect.ms);
      state = run([DUE], { ...next, unproven: [] }).state;
    }
    expect(waits.map((ms) => ms > 30_000)).toEqual([...Array.from({ length: 8 }, () => false), true, true]);
  });

  test('a background that closes ports lives: however often it does, the page does not rest', () => {
    let { state } = run([START]);
    for (let time = 0; time < 20; time += 1) {
      state = run([dismissed(true), DUE], { ...state, unproven: [] }).state;
      expect(run([dismissed(true)], state).state.retryAt).toBeLessThan(13_000);
      expect(run([lost], state).state.retryAt).toBeLessThan(13_000);
    }
  });

  test('a connect that the page gave up because it was hidden is no retry, but counts in the budget', () => {
    let { state } = run([START]);
    for (let time = 1; time < CONNECT_BUDGET; time += 1) {
      state = run([blocked('hidden'), unblocked('hidden')], state).state;
      expect(state).toMatchObject({ name: 'connecting', attempt: 0 });
    }
    expect(run([blocked('hidden'), unblocked('hidden')], state).state).toMatchObject({
      name: 'waiting',
      retryAt: BUDGET_WINDOW_MS,
    });
  });

  test('hiding and showing the page skips the wait that is over, and none that is not', () => {
    const waiting = run([START, lost, DUE, lost]).state;
    expect(run([blocked('hidden'), unblocked('hidden')], waiting).name).toBe('waiting');
    expect(run([blocked('hidden'), DUE, unblocked('hidden')], waiting).name).toBe('connecting');
  });

  test('a loss that names a time waits for it', () => {
    const why = { cause: 'not-applied', afterMs: 4_000, detail: 'why' } as const;
    expect(run([...LIVE, { type: 'lost', ...why }]).state).toMatchObject({ retryAt: 4_000, detail: 'why' });
    expect(run([...LIVE, { type: 'lost', ...why }, [4_000, DUE]]).state.detail).toBe('');
  });

  test('a handshake puts the retries back to the start, however soon the port dies', () => {
    const failed = run([START, lost, DUE, lost, DUE]).state;
    expect(failed.attempt).toBe(2);
    const again = run([STARTED, lost], failed).state;
    expect(again.attempt).toBe(1);
    expect(again.retryAt).toBeLessThanOrEqual(RETRY_MIN_MS + 20);
  });

  test('only a port that worked for a while leaves the budget', () => {
    expect(run([...LIVE, [PROVEN_AFTER_MS, lost]]).state.unproven).toHaveLength(0);
    expect(run([...LIVE, [PROVEN_AFTER_MS - 1, lost]]).state.unproven).toHaveLength(1);
  });

  test('a close reason with a longer wait than the backoff is obeyed', () => {
    expect(run([...LIVE, dismissed(true, 30_000)]).state.retryAt).toBe(30_000);
  });

  test('going back and forth in the history spends nothing of the budget', () => {
    let { state } = run(LIVE);
    for (let time = 0; time < 100; time += 1) {
      state = run([blocked('cached'), unblocked('cached'), STARTED], state).state;
      expect(state).toMatchObject({ name: 'live' });
    }
    expect(state.unproven).toHaveLength(1);
  });

  test('pausing does not lose the time for which the port has worked', () => {
    const { state } = run([START, [0, STARTED], [10, blocked('hidden')], [PROVEN_AFTER_MS, lost]]);
    expect(state.unproven).toHaveLength(0);
  });
});

const anyEvent: fc.Arbitrary<ConnectionEvent> = fc.oneof(
  fc.constantFrom<ConnectionEvent>(START, STARTED, DUE),
  fc.constantFrom(...BLOCKERS).chain((blocker) => fc.constantFrom(blocked(blocker), unblocked(blocker))),
  fc
    .constantFrom(
      'disconnect',
      'handshake-timeout',
      'pong-timeout',
      'gap',
      'bad-message',
      'connect-failed',
      'not-applied',
    )
    .map((cause): ConnectionEvent => ({ type: 'lost', cause: cause as 'disconnect' })),
  fc.nat({ max: 40_000 }).map((afterMs) => dismissed(true, afterMs)),
);
/** Mostly what leads to another connect. */
const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<ConnectionEvent>(lost, DUE) },
  { weight: 2, arbitrary: fc.constantFrom(blocked('cached'), unblocked('cached')) },
  { weight: 1, arbitrary: fc.constant(STARTED) },
);
const anyEnd = fc.option(fc.constantFrom<ConnectionEvent>({ type: 'end', reason: 'invalidated' }, dismissed(false)), {
  freq: 4,
});

describe('connection, whatever happens in whatever order', () => {
  const events = fc.array(fc.tuple(anyEvent, fc.nat({ max: 2_000 })), { maxLength: 200 });

  test('holds one port at most, and exactly in the states that say so', () => {
    fc.assert(
      fc.property(events, anyEnd, (list, end) => {
        let state = INITIAL_STATE;
        let ports = 0;
        let now = 0;
        for (const [event, elapsedMs] of end ? [...list, [end, 0] as const] : list) {
          now += elapsedMs;
          const next = advance(state, event, { now, random: 0.5 });
          for (const { type } of next.effects) {
            if (type === 'connect') ports += 1;
            if (type === 'drop') ports -= 1;
            expect(ports === 0 || ports === 1).toBe(true);
            if (type === 'post') expect(ports).toBe(1);
          }
          state = next.state;
          expect(ports).toBe(['connecting', 'live', 'paused'].includes(state.name) ? 1 : 0);
          expect(state.retryAt !== null).toBe(state.name === 'waiting');
          if (state.name === 'live') expect(state.blockers.size).toBe(0);
          if (event.type === 'lost') expect(next.effects.map(({ type }) => type)).not.toContain('connect');
        }
        if (end?.type === 'end') expect(state.name).toBe('closed');
      }),
    );
  });

  test(`makes ${CONNECT_BUDGET} fruitless connects a minute at most`, () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyStep, fc.nat({ max: 200 })), { minLength: 100, maxLength: 300 }), (list) => {
        let { state } = run([START]);
        let now = 0;
        const connects: number[] = [];
        for (const [event, elapsedMs] of list) {
          now += elapsedMs;
          // Never live for long enough to count as working.
          const before = state.liveSince === null ? state : { ...state, liveSince: now };
          const next = advance(before, event, { now, random: 0 });
          state = next.state;
          // Let go by the page itself: not in vain.
          if (before.name === 'live' && state.name === 'idle') connects.pop();
          if (next.effects.some(({ type }) => type === 'connect')) connects.push(now);
        }
        connects.forEach((at, index) => {
          const before = connects[index - CONNECT_BUDGET];
          expect(before === undefined || at - before >= BUDGET_WINDOW_MS).toBe(true);
        });
      }),
    );
  });
});
