import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_ENTRIES,
  parseEntries,
  parseToBackground,
  parseToPanel,
  utf8Bytes,
  type Entry,
  type ToBackground,
  type ToPanel,
} from '../../../utils/conversation/protocol';

const said: Entry = { id: 'a', at: 1, from: 'person', text: 'hi', to: null, answers: null, outcome: null };
const answered: Entry = {
  id: 'b',
  at: 2,
  from: 'background',
  text: 'no connection',
  to: 'Builds',
  answers: 'a',
  outcome: 'refused',
};

const toBackground: ToBackground[] = [
  { type: 'SEND', id: 'a', text: 'hi', to: null },
  { type: 'SEND', id: 'a', text: '', to: 'builds' },
  { type: 'PING', id: 0 },
];

const toPanel: ToPanel[] = [
  { type: 'TRANSCRIPT', entries: [said, answered], addressees: [{ id: 'builds', name: 'Builds' }] },
  { type: 'ENTRY', entry: answered },
  { type: 'REFUSED', id: 'a', reason: 'too-fast' },
  { type: 'ADDRESSEES', addressees: [] },
  { type: 'PONG', id: 7 },
];

describe('conversation protocol', () => {
  it.each(toBackground)('parses $type to the background unchanged, also after a copy by JSON', (message) => {
    expect(parseToBackground(JSON.parse(JSON.stringify(message)))).toEqual({ ok: true, message });
  });

  it.each(toPanel)('parses $type to a panel unchanged, also after a copy by JSON', (message) => {
    expect(parseToPanel(JSON.parse(JSON.stringify(message)))).toEqual({ ok: true, message });
  });

  it.each([
    ['nothing', undefined],
    ['an array', [toBackground[0]]],
    ['an unknown type', { type: 'ERASE' }],
    ['a message of the other direction', { type: 'PONG', id: 1 }],
    ['no addressee', { type: 'SEND', id: 'a', text: 'hi' }],
    ['an empty id', { type: 'SEND', id: '', text: 'hi', to: null }],
    ['an id of 65', { type: 'SEND', id: 'x'.repeat(65), text: 'hi', to: null }],
    ['a number as text', { type: 'SEND', id: 'a', text: 7, to: null }],
    ['a text over all measure', { type: 'SEND', id: 'a', text: 'x'.repeat(256 * 1024 + 1), to: null }],
    ['a ping of NaN', { type: 'PING', id: Number.NaN }],
    ['a ping of -1', { type: 'PING', id: -1 }],
  ])('refuses %s to the background', (_, x) => {
    const parsed = parseToBackground(x);
    expect(parsed).toEqual({ ok: false, reason: expect.stringMatching(/./) });
  });

  it.each([
    [
      'a transcript over the limit',
      { type: 'TRANSCRIPT', entries: Array.from({ length: MAX_ENTRIES + 1 }, () => said), addressees: [] },
    ],
    ['an entry by a stranger', { type: 'ENTRY', entry: { ...said, from: 'page' } }],
    ['an entry without a time', { type: 'ENTRY', entry: { ...said, at: null } }],
    ['an unknown refusal', { type: 'REFUSED', id: 'a', reason: 'mood' }],
  ])('refuses %s to a panel', (_, x) => {
    expect(parseToPanel(x).ok).toBe(false);
  });

  it('never throws on junk', () => {
    fc.assert(
      fc.property(fc.anything(), (x) => {
        expect(parseToBackground(x).ok).toBe(false);
        expect(parseToPanel(x).ok).toBe(false);
        expect(parseEntries(Array.isArray(x) && x.length === 0 ? {} : x)).toBe(null);
      }),
    );
  });

  it('never throws on a message with one field replaced by junk, and what it lets through is a message', () => {
    const damaged = fc
      .tuple(fc.constantFrom(...toBackground, ...toPanel), fc.nat(), fc.anything())
      .map(([message, at, junk]) => {
        const keys = Object.keys(message);
        return { ...message, [keys[at % keys.length] ?? 'type']: junk };
      });
    fc.assert(
      fc.property(damaged, (x) => {
        for (const parse of [parseToBackground, parseToPanel]) {
          const parsed = parse(x);
          const again = parsed.ok ? parse(structuredClone(parsed.message)) : parsed;
          expect(again).toEqual(parsed);
        }
      }),
    );
  });

  it('keeps the newest entries of a transcript that is too long, and nothing of one that is broken', () => {
    const many = Array.from({ length: MAX_ENTRIES + 5 }, (_, n) => ({ ...said, id: `e${n}` }));
    expect(parseEntries(many)?.at(0)?.id).toBe('e5');
    expect(parseEntries(many)).toHaveLength(MAX_ENTRIES);
    expect(parseEntries([said, { ...said, at: 'now' }])).toBe(null);
  });

  it.each([
    ['', 0],
    ['a', 1],
    ['é', 2],
    ['語', 3],
    ['😀', 4],
    ['\ud800', 3],
  ])('counts %j as %i bytes', (text, bytes) => {
    expect(utf8Bytes(text)).toBe(bytes);
  });
});
