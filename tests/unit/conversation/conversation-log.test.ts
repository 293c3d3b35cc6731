import { afterEach, describe, expect, it, vi } from 'vitest';
import { createConversationLog, textWords } from '../../../utils/conversation/conversation-log';
import type { Entry } from '../../../utils/conversation/protocol';
import { createDom } from '../../fakes/dom';
import { createEnglish } from '../ui/english';

const t = createEnglish();

const answer = (part: Partial<Entry>): Entry => ({
  id: 'b1',
  at: 1_000,
  from: 'background',
  text: '',
  to: 'Builds',
  answers: 'm1',
  outcome: 'accepted',
  ...part,
});
const refusal = (code: string): string => textWords(t, answer({ outcome: 'refused', text: code }));

describe('words of an answer', () => {
  it('are its own for every reason of a feed not to take a text', () => {
    const words = ['unknown-feed', 'not-a-websocket', 'not-open', 'too-much-waiting', 'new-code'].map(refusal);
    for (const sentence of words) expect(sentence).toMatch(/^Not accepted by Builds: [^$]+\.$/);
    expect(new Set(words).size).toBe(words.length);
  });

  it.each(['new-code', '', 'not open', '__proto__', '$1'])('are general for the reason %j', (code) => {
    expect(refusal(code)).toBe(refusal('other'));
  });

  it('name who accepted a text', () => {
    expect(textWords(t, answer({}))).toBe('Accepted by Builds');
  });

  it.each(['received', null] as const)('are the text as it is with the outcome %j', (outcome) => {
    expect(textWords(t, answer({ outcome, text: 'a $1 <b>' }))).toBe('a $1 <b>');
  });
});

const line = (n: number, part: Partial<Entry> = {}): Entry => ({
  id: `m${n}`,
  at: Date.UTC(2026, 0, 2, 3, 4, n % 60),
  from: 'person',
  text: `text ${n}`,
  to: null,
  answers: null,
  outcome: null,
  ...part,
});
const linesOf = (from: number, to: number): Entry[] => Array.from({ length: to - from + 1 }, (_, n) => line(from + n));

/** A log of which each line is 20 px high, and 100 px are seen. */
function createBench() {
  const { document } = createDom();
  const { element, update } = createConversationLog(document, t, 'title');
  const items = (): HTMLElement[] => [...element.querySelectorAll('li')];
  let scrollTop = 0;
  Object.defineProperties(element, {
    clientHeight: { value: 100 },
    scrollHeight: { get: () => Math.max(100, items().length * 20) },
    scrollTop: {
      get: () => scrollTop,
      set(top: number) {
        scrollTop = Math.min(top, element.scrollHeight - 100);
      },
    },
  });
  const texts = (): (string | undefined)[] =>
    items().map((item) => item.querySelector('.text')?.textContent ?? undefined);
  return { element, update, items, texts };
}

describe('conversation log', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is a log with a name that the keyboard reaches', () => {
    const { element } = createBench();
    expect(['role', 'aria-labelledby', 'tabindex'].map((name) => element.getAttribute(name))).toEqual([
      'log',
      'title',
      '0',
    ]);
  });

  it('says that it is empty until there is an entry', () => {
    const { element, update, texts } = createBench();
    const isNone = (): boolean => element.querySelector<HTMLElement>('.nothing')?.hidden === false;
    update([]);
    expect([isNone(), texts()]).toEqual([true, []]);
    update([line(1)]);
    expect([isNone(), texts()]).toEqual([false, ['text 1']]);
    update([]);
    expect([isNone(), texts()]).toEqual([true, []]);
  });

  it('keeps the elements of the entries that it shows', () => {
    const { update, items, texts } = createBench();
    update(linesOf(1, 3));
    const before = items();
    update(linesOf(1, 5));
    expect(texts()).toEqual(['text 1', 'text 2', 'text 3', 'text 4', 'text 5']);
    expect(items().slice(0, 3)).toEqual(before);
  });

  it('drops the oldest of a full transcript, and keeps the rest', () => {
    const { update, items, texts } = createBench();
    update(linesOf(1, 4));
    const [, , third, fourth] = items();
    update(linesOf(3, 6));
    expect(texts()).toEqual(['text 3', 'text 4', 'text 5', 'text 6']);
    expect(items()[0] === third && items()[1] === fourth).toBe(true);
  });

  it.each([
    { change: 'another transcript', to: linesOf(11, 13) },
    { change: 'a shorter one', to: linesOf(1, 2) },
    { change: 'one that goes on differently', to: [line(1), line(9), line(3)] },
    { change: 'one with entries before', to: linesOf(-2, 3) },
    { change: 'none', to: [] },
  ])('shows $change as it is', ({ to }) => {
    const { update, texts } = createBench();
    update(linesOf(1, 3));
    update(to);
    expect(texts()).toEqual(to.map(({ text }) => text));
  });

  it.each([
    { from: linesOf(1, 3), to: linesOf(1, 4), live: 'polite' },
    { from: linesOf(1, 3), to: linesOf(1, 5), live: 'polite' },
    { from: linesOf(1, 3), to: linesOf(1, 6), live: 'off' },
    { from: [], to: linesOf(1, 3), live: 'off' },
  ])('is read out as "$live" when $from.length entries become $to.length', ({ from, to, live }) => {
    const { element, update } = createBench();
    update(from);
    update(to);
    expect(element.getAttribute('aria-live')).toBe(live);
  });

  it('stays at its end', () => {
    const { element, update } = createBench();
    update(linesOf(1, 10));
    expect(element.scrollTop).toBe(100);
    element.scrollTop = 80;
    update(linesOf(1, 12));
    expect(element.scrollTop).toBe(140);
  });

  it('stays where the person reads', () => {
    const { element, update } = createBench();
    update(linesOf(1, 10));
    element.scrollTop = 40;
    update(linesOf(1, 12));
    expect(element.scrollTop).toBe(40);
  });

  it('says who spoke, and to whom', () => {
    const { update, items } = createBench();
    update([line(1), line(2, { to: 'Builds' }), line(3, { from: 'background', to: 'Builds', outcome: 'accepted' })]);
    expect(items().map((item) => item.querySelector('.who')?.textContent)).toEqual([
      'You',
      'You, to Builds',
      'Background',
    ]);
    expect(items().map(({ dataset }) => [dataset['from'], dataset['outcome']])).toEqual([
      ['person', ''],
      ['person', ''],
      ['background', 'accepted'],
    ]);
  });

  it('gives the time of today, and with another day its date', () => {
    const { update, items } = createBench();
    const [old, now] = [new Date(2026, 0, 1, 23, 59, 59), new Date(2026, 0, 2, 0, 0, 1)];
    vi.useFakeTimers({ now });
    update([line(1, { at: old.getTime() }), line(2, { at: now.getTime() })]);
    const times = items().map((item) => item.querySelector('time'));
    expect(times.map((time) => time?.textContent)).toEqual([old.toLocaleString(), now.toLocaleTimeString()]);
    expect(times.map((time) => time?.getAttribute('datetime'))).toEqual([old.toISOString(), now.toISOString()]);
  });

  it('shows markup as the text that it is', () => {
    const { element, update, texts } = createBench();
    update([line(1, { text: '<img src=x>', to: '<b>' })]);
    expect(texts()).toEqual(['<img src=x>']);
    expect(element.querySelector('img, b')).toBeNull();
  });
});
