import { describe, expect, test } from 'vitest';
import { MAX_NOTE_BYTES, parseIncoming } from '../../../utils/stream/incoming';
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION } from '../../../utils/stream/protocol';

const START = { type: 'START_UPDATES', protocol: PROTOCOL_VERSION, streamId: 's', everyMs: 100, resume: {} };
const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
const bytesOf = (message: object): number => new TextEncoder().encode(JSON.stringify(message)).length;

/** `START`, filled to a size in bytes with a text in a field that nobody reads. */
function sized(bytes: number, fill: string): object {
  const room = bytes - bytesOf({ ...START, ignored: '' });
  const message = { ...START, ignored: fill.repeat(Math.floor(room / bytesOf([fill]) + 1)) };
  message.ignored = fill.repeat(Math.floor(room / (bytesOf([fill]) - 4)));
  return { ...message, ignored: message.ignored + 'x'.repeat(room - bytesOf([message.ignored]) + 4) };
}

describe('parseIncoming', () => {
  test('takes what the protocol allows', () => {
    expect(parseIncoming(START)).toEqual({ ok: true, message: START });
    expect(parseIncoming({ ...START, ignored: [{ at: null }] }).ok).toBe(true);
  });

  test.each([
    { type: 'START_UPDATES', protocol: 1 },
    { type: 'START_UPDATES', protocol: PROTOCOL_VERSION + 1, streamId: 7, resume: 'all of it' },
    { type: 'START_UPDATES', protocol: 0 },
    { type: 'START_UPDATES', protocol: -1, ignored: 'x'.repeat(MAX_MESSAGE_BYTES) },
  ])('names the version before all else that may be wrong: %o', (message) => {
    expect(parseIncoming(message)).toMatchObject({ ok: false, code: 'version-mismatch' });
  });

  test.each([
    { type: 'START_UPDATES', protocol: '1' },
    { type: 'START_UPDATES', protocol: 1.5 },
    { type: 'START_UPDATES' },
    { type: 'HELLO', protocol: 1 },
    null,
    'START_UPDATES',
  ])('takes no other message for one of another version: %j', (message) => {
    expect(parseIncoming(message)).toMatchObject({ ok: false, code: 'bad-message', reason: expect.any(String) });
  });

  test.each(['x', 'ü', '😀'])('counts a message as UTF-8, with fields that nobody reads: %s', (fill) => {
    const [full, over] = [sized(MAX_MESSAGE_BYTES, fill), sized(MAX_MESSAGE_BYTES + 1, fill)];
    expect([bytesOf(full), bytesOf(over)]).toEqual([MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES + 1]);
    expect([parseIncoming(full).ok, parseIncoming(over).ok]).toEqual([true, false]);
  });

  test('refuses a message that is nested deeper than 32, with fields that nobody reads', () => {
    expect(parseIncoming({ ...START, ignored: nested(31) }).ok).toBe(true);
    expect(parseIncoming({ ...START, ignored: nested(32) }).ok).toBe(false);
    let deep: unknown = 0;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(parseIncoming({ ...START, ignored: deep }).ok).toBe(false);
  });

  test.each([
    ['holes', Array(10)],
    ['more holes than memory', Array(2 ** 32 - 1)],
    ['a thing that JSON has not', new Map()],
    ['nothing', undefined],
  ])('refuses %s in a field that nobody reads', (_, ignored) => {
    expect(parseIncoming({ ...START, ignored }).ok).toBe(false);
  });

  test('is not kept busy by what names itself over and over, as a clone can', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    let doubled: unknown = 'x';
    for (let depth = 0; depth < 30; depth += 1) doubled = [doubled, doubled];
    expect(parseIncoming({ ...START, ignored: circle }).ok).toBe(false);
    expect(parseIncoming({ ...START, ignored: doubled }).ok).toBe(false);
  });

  test('takes a note of 1 KiB, and no larger one', () => {
    const note = 'ü'.repeat((MAX_NOTE_BYTES - 2) / 2);
    expect(parseIncoming({ type: 'NOTE', note }).ok).toBe(true);
    expect(parseIncoming({ type: 'NOTE', note: `${note}x` })).toMatchObject({ ok: false, code: 'bad-message' });
  });
});
