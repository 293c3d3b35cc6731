import { describe, expect, it } from 'vitest';
import type { FeedBatch, FeedKind, FeedStatus, Update } from '../../../utils/stream/protocol';
import type { StreamState } from '../../../utils/stream/subscriber';
import { createPlainWriter } from '../../../utils/ui/feed-list';
import { createFeedModel, type FeedModel, type FeedView } from '../../../utils/ui/feed-model';
import { createFeedRow } from '../../../utils/ui/feed-row';
import { createFormat } from '../../../utils/ui/format';
import { createDom } from '../../fakes/dom';
import { createEnglish } from './english';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const LIVE: StreamState = { name: 'live', reason: null, detail: '', retryAt: null };

const t = createEnglish();
const format = createFormat(t, 'en-US');

/** A row, and the model of the one feed that it shows. */
function createBench(kind: FeedKind = 'state', unit = 'jobs') {
  const { document } = createDom();
  const { element, update } = createFeedRow(document, t, format, createPlainWriter(document));
  const model: FeedModel = createFeedModel();
  model.onStream(LIVE);
  const offer = (now: FeedKind, epoch = 'e'): void =>
    model.onFeeds([{ id: 'queue', name: 'Queue', kind: now, unit, epoch, definition: now, staleAfterMs: 10_000 }]);
  offer(kind);
  let seq = 0;
  const part = (className: string): HTMLElement => {
    const found = element.querySelector<HTMLElement>(`.${className}`);
    if (!found) throw new Error(`Cannot find "${className}" in the row`);
    return found;
  };
  const toUpdates = (values: Update['value'][]): Update[] =>
    values.map((value) => ({ seq: ++seq, at: AT + seq * 1_000, value }));
  const receive = (batch: Partial<FeedBatch>): void =>
    model.onBatch([
      { feed: 'queue', epoch: 'e', updates: [], merged: 0, lost: 0, continues: true, confirmedAt: null, ...batch },
    ]);
  const view = (now: number): FeedView => {
    const [feed] = model.snapshot(now).feeds ?? [];
    if (!feed) throw new Error('Cannot show the row: the model has no feed');
    return feed;
  };
  return {
    element,
    part,
    /** What the row shows in a part of it; nothing where that is hidden. */
    text: (className: string): string => (part(className).hidden ? '' : (part(className).textContent ?? '')),
    offer,
    lines: () => [...part('lines').children].map(({ textContent }) => textContent?.split(' ').at(-1)),
    receive: (...values: Update['value'][]) => receive({ updates: toUpdates(values) }),
    /** Another history, which begins with `values`. */
    restart(...values: Update['value'][]) {
      seq = 0;
      receive({ updates: toUpdates(values), continues: false, epoch: 'another' });
    },
    confirm: (confirmedAt: number) => receive({ confirmedAt }),
    count: (merged: number, lost: number) => receive({ merged, lost }),
    status: (status: Partial<FeedStatus>) =>
      model.onStatus({ feed: 'queue', state: 'live', since: AT, reason: null, retryAt: null, ...status }),
    show(now = AT + seq * 1_000, stream = LIVE) {
      update(view(now), stream, now);
    },
    toggle: () => part('more').click(),
  };
}

describe('row of a state feed', () => {
  it('has a dash for a value that has yet to come, and neither unit nor age', () => {
    const { show, text, element } = createBench();
    show();
    expect(['name', 'value', 'unit', 'age', 'change', 'state'].map(text)).toEqual([
      'Queue',
      '–',
      '',
      '',
      '',
      'waiting',
    ]);
    expect(element.dataset['state']).toBe('waiting');
  });

  it('shows the newest value with its unit, change, age and state', () => {
    const { show, text, receive, element } = createBench();
    receive(12, 15);
    show(AT + 5_000);
    expect(['value', 'unit', 'change', 'age', 'state'].map(text)).toEqual(['15', 'jobs', '▲ +3', '3 s', 'live']);
    expect(element.dataset['state']).toBe('live');
  });

  it('becomes stale by time alone', () => {
    const { show, text, receive, element } = createBench();
    receive(12);
    show(AT + 1_000);
    show(AT + 60_000);
    expect([text('state'), element.dataset['state'], text('age')]).toEqual(['stale', 'stale', '59 s']);
  });

  it('stays live while its value is confirmed, and shows the age of the last confirmation', () => {
    const { show, text, receive, confirm } = createBench();
    receive(12);
    confirm(AT + 600_000);
    show(AT + 605_000);
    expect([text('value'), text('state'), text('age')]).toEqual(['12', 'live', '5 s']);
    show(AT + 611_000);
    expect([text('state'), text('age')]).toEqual(['stale', '11 s']);
  });

  it('draws a value that stays flat to its last confirmation', () => {
    const { show, receive, confirm, part } = createBench();
    receive(12, 18);
    confirm(AT + 301_000);
    show();
    expect(part('sparkline').getAttribute('aria-label')).toBe('12 to 18 in 5 min, now 18');
    expect(part('sparkline').querySelector('polyline')?.getAttribute('points')).toBe('1.0,19.0 1.2,1.0 63.0,1.0');
  });

  it('draws a sparkline from the second number on, and says it in words', () => {
    const { show, receive, part } = createBench();
    receive(12);
    show();
    expect(part('sparkline').hasAttribute('hidden')).toBe(true);
    receive(18, 15);
    show();
    expect(part('sparkline').hasAttribute('hidden')).toBe(false);
    expect(part('sparkline').getAttribute('aria-label')).toBe('12 to 18 in 2 s, now 15');
    expect(part('sparkline').querySelector('polyline')?.getAttribute('points')?.split(' ')).toHaveLength(3);
  });

  it('has no lines', () => {
    const { show, receive, part } = createBench();
    receive(1, 2);
    show();
    expect(part('lines').children).toHaveLength(0);
  });

  it('shows markup as the text that it is', () => {
    const { show, receive, part, element } = createBench();
    receive('<img src=x>');
    show();
    expect(part('value').textContent).toBe('<img src=x>');
    expect(element.querySelector('img')).toBeNull();
  });

  it('lets a text run in its own direction, and a change from left to right', () => {
    const { show, part } = createBench();
    show();
    expect(['name', 'value', 'change'].map((name) => part(name).dir)).toEqual(['auto', 'auto', 'ltr']);
  });
});

describe('row of an event feed', () => {
  it('shows its last five updates, oldest first, and how many came in all', () => {
    const { show, receive, part, text } = createBench('event');
    receive('a', 'b', 'c', 'd', 'e', 'f');
    show();
    const lines = [...part('lines').children].map(({ textContent }) => textContent);
    expect(lines.map((line) => line?.at(-1))).toEqual(['b', 'c', 'd', 'e', 'f']);
    expect(lines[0]).toBe(`${format.time(AT + 2_000)} b`);
    expect([text('value'), text('unit'), text('change')]).toEqual(['', '', '6 in all']);
  });

  it('has one line more for each update, and keeps the elements it has', () => {
    const { show, receive, part } = createBench('event');
    receive('a');
    show();
    const [first] = part('lines').children;
    receive('b');
    show();
    expect(part('lines').children).toHaveLength(2);
    expect(part('lines').children[0]).toBe(first);
  });
});

describe('row whose history ends', () => {
  it('shows no line of the history before', () => {
    const { show, receive, restart, lines, part } = createBench('event');
    receive('a', 'b', 'c', 'd', 'e');
    show();
    restart('new');
    show();
    expect(lines()).toEqual(['new']);
    receive('next');
    show();
    expect(lines()).toEqual(['new', 'next']);
    expect(part('lines').children).toHaveLength(2);
  });

  it('loses its lines as soon as its feed is edited to be a state, and has none of them when it is events again', () => {
    const { show, receive, offer, restart, lines, text } = createBench('event');
    receive('a', 'b', 'c');
    show();
    offer('state', 'e2');
    show();
    expect([lines(), text('value')]).toEqual([[], '–']);
    offer('event', 'e3');
    show();
    expect(lines()).toEqual([]);
    restart('new');
    show();
    expect(lines()).toEqual(['new']);
  });
});

describe('details of a row', () => {
  it('are closed until the state is pressed, and again after', () => {
    const { show, part, text, toggle } = createBench();
    show();
    expect([part('more').ariaExpanded, text('details')]).toEqual(['false', '']);
    toggle();
    expect([part('more').ariaExpanded, text('details')]).toEqual(['true', 'No value has arrived yet.']);
    toggle();
    expect([part('more').ariaExpanded, text('details')]).toEqual(['false', '']);
  });

  it('name the feed and its state to who hears the button', () => {
    const { show, receive, part } = createBench();
    receive(1);
    show();
    expect(part('more').getAttribute('aria-label')).toBe('live, Queue, details');
  });

  it('say why a source is retried, and count down to the next try', () => {
    const { show, status, text, toggle } = createBench();
    status({ state: 'retrying', reason: { code: 'http', detail: '503' }, retryAt: AT + 5_000 });
    show(AT);
    toggle();
    expect(text('details')).toBe('The server answered 503.\nNext try in 5 s');
    show(AT + 2_000);
    expect(text('details')).toBe('The server answered 503.\nNext try in 3 s');
    show(AT + 5_000);
    expect(text('details')).toBe('The server answered 503.\nTrying now');
  });

  it('say when a value was received, and when it was last confirmed', () => {
    const { show, receive, confirm, text, toggle } = createBench();
    receive(12);
    // As a background says it of a value that has just arrived.
    confirm(AT + 1_000);
    show(AT + 1_000);
    toggle();
    expect(text('details')).toBe(`Values are current.\nValue received at ${format.time(AT + 1_000)}`);
    confirm(AT + 60_000);
    show(AT + 60_500);
    expect(text('details').split('\n')).toContain('Last confirmed just now');
    show(AT + 65_000);
    expect(text('details').split('\n').slice(1)).toEqual([
      `Value received at ${format.time(AT + 1_000)}`,
      'Last confirmed 5 s ago',
    ]);
  });

  it('say the date of a value of another day', () => {
    const { show, receive, text, toggle } = createBench();
    receive(12);
    show(AT + 3 * 86_400_000);
    toggle();
    expect(text('details')).toContain(`Value received at ${new Date(AT + 1_000).toLocaleString('en-US')}`);
  });

  it('say when the newest event came, and what was merged, lost and restarted, but no zero', () => {
    const { show, receive, count, text, toggle } = createBench('event');
    receive('a');
    count(2, 3);
    show();
    toggle();
    const lines = text('details').split('\n');
    expect(lines).toContain(`Newest event at ${format.time(AT + 1_000)}`);
    expect(lines).toContain('Merged into newer values: 2');
    expect(lines).toContain('Lost: 3');
    expect(lines.join()).not.toContain('restarted');
  });

  it('say that events may come again when a history restarted', () => {
    const { show, receive, restart, text, toggle } = createBench('event');
    receive('a', 'b');
    restart('a', 'b');
    show();
    toggle();
    expect(text('details').split('\n').slice(-2)).toEqual([
      'Earlier events may be shown again.',
      'History restarted: 1',
    ]);
  });

  it('say under the reason of the stream what was wrong with a message', () => {
    const { show, text, toggle } = createBench();
    const stream: StreamState = { name: 'waiting', reason: 'bad-message', detail: 'malformed UPDATES', retryAt: null };
    show(AT, stream);
    toggle();
    expect(text('details').split('\n')).toEqual([
      'Connection lost',
      'This page and the background of Tidings did not understand each other.',
      'malformed UPDATES',
    ]);
  });

  it('speak of the stream and not of the source while there is none', () => {
    const { show, receive, status, text, toggle } = createBench();
    receive(1);
    status({ state: 'blocked', reason: { code: 'needs-access', detail: 'a.example' } });
    const stream: StreamState = { name: 'waiting', reason: 'disconnect', detail: '', retryAt: AT + 3_000 };
    show(AT + 1_000, stream);
    toggle();
    expect(text('details').split('\n').slice(0, 3)).toEqual([
      'Connection lost',
      'The background of Tidings stopped.',
      'Next try in 2 s',
    ]);
  });
});
